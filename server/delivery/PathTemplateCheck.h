// Finds mistakes in `%{…}` path templates when the configuration is read. Expanding them, so that no address can leave
// its folder, is the store plugins' work. Thread safety: [any].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::delivery
{

/// What is wrong with the first wrong `%{…}` of `text`, for "bad value …: REASON"; "" if nothing is.
[[nodiscard]] std::string templateMistake(std::string_view text);

} // namespace mpsmtp::delivery
