// The option `command`: a program and its arguments, without a shell.
//
//   command = word *( 1*blank word )
//   word    = 1*( octet but blank \ " / "\" octet / DQUOTE *( octet but \ " / "\" octet ) DQUOTE )
//
// Thread safety: [any] (pure functions).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::exec
{

/// \throws std::invalid_argument if a quote has no end, or nothing follows a backslash
[[nodiscard]] std::vector<std::string> splitCommand(std::string_view text);

} // namespace mpsmtp::exec
