// What differs between two configurations, in a few words for the log. Thread safety: [any].
#pragma once

#include "app/IniReader.h"

#include <string>
#include <vector>

namespace mpsmtp::app
{

/// "[server] hostname, spin; [listener:more] added; [handler:old] removed": keys, without their
/// values, which may be secrets. "nothing" if they say the same.
[[nodiscard]] std::string describeChanges(const std::vector<IniSection>& before,
                                          const std::vector<IniSection>& after);

} // namespace mpsmtp::app
