// Sections → Configuration. Expects nothing of the sections: what is wrong with them was reported
// by SectionCheck, and reads as its default here, so that the delivery room can look for further
// mistakes.
// Thread safety: [any].
#pragma once

#include "app/Configuration.h"

namespace mpsmtp::app
{

[[nodiscard]] Configuration buildConfiguration(const std::string& source,
                                               const std::vector<IniSection>& sections,
                                               const Surroundings& surroundings);

} // namespace mpsmtp::app
