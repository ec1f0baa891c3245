// Local-parts: their octets and their quoted form (RFC 5321 4.1.2, RFC 6531 3.3).
// Thread safety: [any] (pure functions).
#pragma once

#include "smtp/Ascii.h"

#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

/// atext, UTF8-non-ascii or a dot.
constexpr bool isDotStringOctet(char octet) noexcept
{
    return isAtext(octet) || octet == '.' || !isAscii(octet);
}

/// What may follow the backslash of a quoted-pairSMTP: %d32-126.
constexpr bool isQuotedPairOctet(char octet) noexcept
{
    return octet >= ' ' && octet <= '~';
}

/// qtextSMTP: %d32-33 / %d35-91 / %d93-126 / UTF8-non-ascii.
constexpr bool isQtext(char octet) noexcept
{
    return !isAscii(octet) || (isQuotedPairOctet(octet) && octet != '"' && octet != '\\');
}

/// True if `localPart` is a Dot-string: 1*atext parted by single dots.
[[nodiscard]] bool isDotString(std::string_view localPart) noexcept;

/// Appends the unquoted `localPart` to `out`, as a Quoted-string only where it is no Dot-string: so
/// that "ben"@d and ben@d are one address.
void appendLocalPart(std::string& out, std::string_view localPart);

} // namespace mpsmtp::smtp
