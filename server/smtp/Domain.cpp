// See Domain.h.
#include "smtp/Domain.h"

#include "smtp/Ascii.h"
#include "smtp/Utf8.h"

namespace mpsmtp::smtp
{
namespace
{

constexpr std::size_t maxLabelOctets = 63; // RFC 1035 2.3.4

// Takes what stands in front of the first `separator` off `text`, and the separator. `more` tells
// whether there was one.
std::string_view takeField(std::string_view& text, char separator, bool& more) noexcept
{
    const std::size_t length = text.find(separator);
    more = length != text.npos;
    const std::string_view field = text.substr(0, length);
    text.remove_prefix(more ? length + 1 : text.size());
    return field;
}

constexpr bool isLdh(char octet) noexcept
{
    return isLetterOrDigit(octet) || octet == '-';
}

// sub-domain = Let-dig [Ldh-str] / U-label
constexpr bool isSubDomain(std::string_view label) noexcept
{
    if (label.empty() || label.size() > maxLabelOctets || label.front() == '-' ||
        label.back() == '-')
        return false;
    for (const char octet : label)
    {
        if (isAscii(octet) && !isLdh(octet))
            return false;
    }
    return true;
}

constexpr bool isLenientSubDomain(std::string_view label) noexcept
{
    for (const char octet : label)
    {
        if (isAscii(octet) && !isLdh(octet) && octet != '_')
            return false;
    }
    return !label.empty();
}

// Domain = sub-domain *("." sub-domain)
template <typename IsLabel>
bool isDomainOf(std::string_view text, IsLabel isLabel) noexcept
{
    if (text.size() > maxDomainOctets || !isHarmlessUtf8(text))
        return false;
    for (bool more = true; more;)
    {
        if (!isLabel(takeField(text, '.', more)))
            return false;
    }
    return true;
}

// Snum = 1*3DIGIT ; representing a decimal integer value in the range 0 through 255
constexpr bool isSnum(std::string_view text) noexcept
{
    if (text.empty() || text.size() > 3)
        return false;
    int value = 0;
    for (const char octet : text)
    {
        if (!isDigit(octet))
            return false;
        value = value * 10 + (octet - '0');
    }
    return value <= 255;
}

// IPv6-hex = 1*4HEXDIG
constexpr bool isIpv6Hex(std::string_view text) noexcept
{
    for (const char octet : text)
    {
        if (hexValue(octet) < 0)
            return false;
    }
    return !text.empty() && text.size() <= 4;
}

// Number of 16-bit groups in "h:h:h", where an IPv4 address may stand last and counts for two; 0
// for "", -1 if malformed.
int countGroups(std::string_view text, bool mayEndInIpv4) noexcept
{
    int groups = 0;
    for (bool more = !text.empty(); more;)
    {
        const std::string_view group = takeField(text, ':', more);
        if (isIpv6Hex(group))
            ++groups;
        else if (!more && mayEndInIpv4 && isIpv4Address(group))
            groups += 2;
        else
            return -1;
    }
    return groups;
}

// Standardized-tag = Ldh-str = *( ALPHA / DIGIT / "-" ) Let-dig
constexpr bool isTag(std::string_view text) noexcept
{
    for (const char octet : text)
    {
        if (!isLdh(octet))
            return false;
    }
    return !text.empty() && text.back() != '-';
}

// 1*dcontent, dcontent = %d33-90 / %d94-126: printable without "[", "\" and "]"
constexpr bool isContent(std::string_view text) noexcept
{
    for (const char octet : text)
    {
        if (!isGraphic(octet) || (octet >= '[' && octet <= ']'))
            return false;
    }
    return !text.empty();
}

} // namespace

bool isDomain(std::string_view text) noexcept
{
    return isDomainOf(text, isSubDomain);
}

bool isLenientDomain(std::string_view text) noexcept
{
    if (!text.empty() && text.back() == '.')
        text.remove_suffix(1);
    return isDomainOf(text, isLenientSubDomain);
}

// IPv4-address-literal = Snum 3("." Snum)
bool isIpv4Address(std::string_view text) noexcept
{
    int numbers = 0;
    for (bool more = true; more; ++numbers)
    {
        if (!isSnum(takeField(text, '.', more)))
            return false;
    }
    return numbers == 4;
}

// IPv6-addr  = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp
// IPv6-comp  = [IPv6-hex *5(":" IPv6-hex)] "::" [IPv6-hex *5(":" IPv6-hex)]
//            ; The "::" represents at least 2 16-bit groups of zeros.
bool isIpv6Address(std::string_view text) noexcept
{
    constexpr int allGroups = 8;
    const std::size_t compressed = text.find("::");
    if (compressed == text.npos)
        return countGroups(text, true) == allGroups;
    const int before = countGroups(text.substr(0, compressed), false);
    const int after = countGroups(text.substr(compressed + 2), true);
    return before >= 0 && after >= 0 && before + after <= allGroups - 2;
}

// address-literal         = "[" ( IPv4-address-literal / IPv6-address-literal /
//                                 General-address-literal ) "]"
// IPv6-address-literal    = "IPv6:" IPv6-addr
// General-address-literal = Standardized-tag ":" 1*dcontent
bool isAddressLiteral(std::string_view text) noexcept
{
    if (text.size() < 2 || text.size() > maxDomainOctets || text.front() != '[' ||
        text.back() != ']')
        return false;
    text = text.substr(1, text.size() - 2);
    if (isIpv4Address(text))
        return true;
    bool hasTag = false;
    const std::string_view tag = takeField(text, ':', hasTag);
    if (!hasTag)
        return false;
    return equalsIgnoringCase(tag, "IPv6") ? isIpv6Address(text) : isTag(tag) && isContent(text);
}

bool isValidHelo(std::string_view argument, bool strict) noexcept
{
    if (strict)
        return isDomain(argument) || isAddressLiteral(argument);
    if (argument.empty() || argument.size() > maxDomainOctets)
        return false;
    for (const char octet : argument)
    {
        if (isAscii(octet) && !isGraphic(octet))
            return false;
    }
    return isHarmlessUtf8(argument);
}

} // namespace mpsmtp::smtp
