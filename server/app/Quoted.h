// A word of somebody else's in a sentence of ours.
// Thread safety: [any].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::app
{

[[nodiscard]] inline std::string quoted(std::string_view text)
{
    return '"' + std::string(text) + '"';
}

} // namespace mpsmtp::app
