// What the log says when the server starts, and when a reload has changed it.
// Thread safety: [main].
#pragma once

#include "app/Configuration.h"

#include <cstddef>
#include <string>
#include <vector>

namespace mpsmtp::app
{

/// \param addresses as bound
/// \param who a sentence about the user that handlers run as, if there is anything to say
/// \param hasManager a service manager has started it, and stops it
void announceStart(const Configuration& configuration,
                   const std::vector<std::string>& addresses,
                   const std::string& who,
                   bool hasManager);

/// What one configuration was made of and where it was listening.
struct InUse
{
    const std::vector<IniSection>& sections;
    const std::vector<std::string> addresses;
};

/// \param number of the configuration in use
void announceChange(unsigned number, const InUse& before, const InUse& now);

/// "2 mistakes in the configuration"
[[nodiscard]] std::string countMistakes(std::size_t count);

} // namespace mpsmtp::app
