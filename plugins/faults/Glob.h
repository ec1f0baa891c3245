// Patterns for addresses and names: "*" is any octets, "?" is one; ASCII letters match in either case, since domains and
// most local parts do not mean theirs.
// Thread safety: [any] (pure functions).
#pragma once

#include <string_view>

namespace mpsmtp::faults
{

/// True if all of `text` fits `pattern`. Linear in time for each "*".
[[nodiscard]] bool fitsGlob(std::string_view pattern, std::string_view text) noexcept;

/// Case of ASCII letters does not matter.
[[nodiscard]] bool equalIgnoringCase(std::string_view a, std::string_view b) noexcept;

} // namespace mpsmtp::faults
