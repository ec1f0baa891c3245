// See DsnParameters.h.
#include "smtp/DsnParameters.h"

#include "smtp/Ascii.h"
#include "smtp/Xtext.h"

#include <algorithm>

namespace mpsmtp::smtp
{
namespace
{

constexpr std::size_t maxEnvidOctets = 100; // RFC 3461 4.4
constexpr std::size_t maxOrcptOctets = 500; // RFC 3461 4.2

constexpr bool isPrintable(char octet) noexcept
{
    return isGraphic(octet) || octet == ' ';
}

// xtext can hide any octet. A CR, LF or NUL in there would come out again in somebody's report, so
// it is refused here.
bool isPrintableXtext(std::string_view text)
{
    const auto decoded = decodeXtext(text);
    return decoded && !decoded->empty() &&
           std::all_of(decoded->begin(), decoded->end(), isPrintable);
}

constexpr bool isNotifyElement(std::string_view text) noexcept
{
    return equalsIgnoringCase(text, "SUCCESS") || equalsIgnoringCase(text, "FAILURE") ||
           equalsIgnoringCase(text, "DELAY");
}

} // namespace

bool isRetValue(std::string_view value) noexcept
{
    return equalsIgnoringCase(value, "FULL") || equalsIgnoringCase(value, "HDRS");
}

bool isEnvidValue(std::string_view value)
{
    return value.size() <= maxEnvidOctets && isPrintableXtext(value);
}

// notify-esmtp-value  = "NEVER" / 1#notify-list-element
// notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
bool isNotifyValue(std::string_view value) noexcept
{
    if (equalsIgnoringCase(value, "NEVER"))
        return true;
    std::size_t comma = value.find(',');
    while (comma != value.npos)
    {
        if (!isNotifyElement(value.substr(0, comma)))
            return false;
        value.remove_prefix(comma + 1);
        comma = value.find(',');
    }
    return isNotifyElement(value);
}

// original-recipient-address = addr-type ";" xtext, addr-type = atom
bool isOrcptValue(std::string_view value, bool smtpUtf8)
{
    const std::size_t semicolon = value.find(';');
    if (semicolon == value.npos || value.size() > maxOrcptOctets)
        return false;
    const std::string_view type = value.substr(0, semicolon);
    const std::string_view address = value.substr(semicolon + 1);
    if (type.empty() || !std::all_of(type.begin(), type.end(), isAtext))
        return false;
    if (!equalsIgnoringCase(type, "utf-8"))
        return isPrintableXtext(address);
    return !address.empty() && isUtf8AddressText(address) && (smtpUtf8 || isAsciiOnly(address));
}

} // namespace mpsmtp::smtp
