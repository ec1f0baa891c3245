// Long header fields in several lines: at blanks, so that a line has at most 78 octets if that can
// be, and at any place where it would have more than 998 (RFC 5322 2.1.1, 2.2.3).
// Thread safety: [any] (pure functions).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mpsmtp::headers
{

/// `value` with CRLF in front of some of its blanks, as the value of the field `name`. No line
/// consists of blanks, and none is left at the end. A word that is too long is cut between two
/// characters of UTF-8, with a space that was not there.
[[nodiscard]] std::string folded(std::string_view name, std::string_view value);

} // namespace mpsmtp::headers
