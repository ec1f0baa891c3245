// Text from clients made fit for a log line or a reply: one line, no control octets, nothing that
// reorders a terminal.
// Thread safety: [any] (pure functions).
#pragma once

#include "smtp/Utf8.h" // isValidUtf8

#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

/// Appends `text` to `out`; control octets, DEL, backslash, octets that are not UTF-8, and code
/// points that isInvisible() become \xHH, octet by octet. So the result has one reading: a literal
/// backslash is \x5C.
void appendPrintable(std::string& out, std::string_view text);

/// As appendPrintable(), but no octet beyond ASCII is left: for places that are not told that
/// SMTPUTF8 holds.
void appendPrintableAscii(std::string& out, std::string_view text);

/// As appendPrintable(), into a new string.
[[nodiscard]] std::string printable(std::string_view text);

} // namespace mpsmtp::smtp
