// See Xtext.h.
#include "smtp/Xtext.h"

#include "smtp/Ascii.h"
#include "smtp/Utf8.h"

namespace mpsmtp::smtp
{
namespace
{

// xchar = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
constexpr bool isXchar(char octet) noexcept
{
    return isGraphic(octet) && octet != '+' && octet != '=';
}

// hexchar = "+" 2(%x30-39 / %x41-46)
// RFC 3461 wants upper case; lower case has one reading too, so it is understood.
constexpr bool beginsWithHexchar(std::string_view text) noexcept
{
    return text.size() >= 3 && text[0] == '+' && hexValue(text[1]) >= 0 && hexValue(text[2]) >= 0;
}

// Octets of the xchar or hexchar at the front; 0: neither.
constexpr std::size_t frontXtextLength(std::string_view text) noexcept
{
    if (isXchar(text.front()))
        return 1;
    return beginsWithHexchar(text) ? 3 : 0;
}

constexpr char decodedFront(std::string_view text) noexcept
{
    if (text.front() != '+')
        return text.front();
    return static_cast<char>(hexValue(text[1]) * 16 + hexValue(text[2]));
}

constexpr bool isScalarBeyond(char32_t value, std::size_t digits) noexcept
{
    const bool isSurrogate = value >= 0xd800 && value <= 0xdfff;
    return digits >= 2 && digits <= 6 && value <= 0x10ffff && !isSurrogate;
}

// EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}"
// HEXPOINT has 2 to 6 digits, no leading zero beyond 2. Returns the octets of it all, or 0.
constexpr std::size_t embeddedLength(std::string_view text) noexcept
{
    constexpr std::string_view opening = "\\x{";
    const std::size_t closing = text.find('}');
    if (text.substr(0, opening.size()) != opening || closing == text.npos)
        return 0;
    const std::string_view hex = text.substr(opening.size(), closing - opening.size());
    if (hex.size() > 6 || (hex.size() > 2 && hex.front() == '0'))
        return 0;
    char32_t value = 0;
    for (const char digit : hex)
    {
        if (hexValue(digit) < 0)
            return 0;
        value = value * 16 + static_cast<char32_t>(hexValue(digit));
    }
    return isScalarBeyond(value, hex.size()) ? closing + 1 : 0;
}

// QCHAR = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e
// The octets of a QCHAR, an EmbeddedUnicodeChar or UTF8-non-ascii, or 0.
std::size_t frontUtf8AddressLength(std::string_view text) noexcept
{
    if (text.front() == '\\')
        return embeddedLength(text);
    if (isAscii(text.front()))
        return isXchar(text.front()) ? 1 : 0;
    return frontCodePoint(text).octets;
}

} // namespace

bool isXtext(std::string_view text) noexcept
{
    while (!text.empty())
    {
        const std::size_t length = frontXtextLength(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

std::optional<std::string> decodeXtext(std::string_view text)
{
    if (!isXtext(text))
        return std::nullopt;
    std::string decoded;
    decoded.reserve(text.size());
    while (!text.empty())
    {
        decoded += decodedFront(text);
        text.remove_prefix(frontXtextLength(text));
    }
    return decoded;
}

bool isUtf8AddressText(std::string_view text) noexcept
{
    while (!text.empty())
    {
        const std::size_t length = frontUtf8AddressLength(text);
        if (length == 0)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

} // namespace mpsmtp::smtp
