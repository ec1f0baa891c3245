// What the configuration's defaults depend on: the machine, the folder, the environment. Handed in,
// so that tests decide it.
// Thread safety: [any] (values); machineSurroundings() [main].
#pragma once

#include "app/Overrides.h"

#include <string>

namespace mpsmtp::app
{

struct Surroundings
{
    std::string hostname;         ///< of the machine
    std::string currentDirectory; ///< absolute; relative paths start here
    std::string pluginDirectory;  ///< absolute; that came with this program
    Environment environment;
};

/// Asks the machine. \throws std::system_error
[[nodiscard]] Surroundings machineSurroundings();

} // namespace mpsmtp::app
