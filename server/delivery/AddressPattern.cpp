// What this is and its thread safety: AddressPattern.h.
//
//   pattern    = local "@" domain
//   local      = 1*( atext / UTF8-non-ascii / "." / "*" ) / Quoted-string   ; "*" in quotes is itself
//   domain     = 1*( octets of a domain / "*" ) / address-literal
#include "delivery/AddressPattern.h"

#include "smtp/Ascii.h"
#include "smtp/Domain.h"
#include "smtp/LocalPart.h"
#include "smtp/Utf8.h"

#include <algorithm>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

using smtp::equalsIgnoringCase;
using smtp::toLower;

/// Takes a Quoted-string off the front of `text`. \return what it stands for, or nothing if it is none
std::optional<std::string> takeQuoted(std::string_view& text)
{
    std::string result;
    for (std::size_t i = 1; i < text.size(); ++i)
    {
        if (text[i] == '"')
        {
            text.remove_prefix(i + 1);
            return result;
        }
        if (text[i] == '\\' && ++i == text.size())
            return std::nullopt;
        if (smtp::isControl(text[i]))
            return std::nullopt;
        result += text[i];
    }
    return std::nullopt;
}

std::optional<AddressPattern::Half> takeLocalPart(std::string_view& text)
{
    if (!text.empty() && text.front() == '"')
    {
        auto quoted = takeQuoted(text);
        if (!quoted || quoted->empty())
            return std::nullopt;
        return AddressPattern::Half{std::move(*quoted), false};
    }
    const auto taken = text.substr(0, text.find('@'));
    text.remove_prefix(taken.size());
    if (taken.empty() || !std::all_of(taken.begin(), taken.end(), smtp::isDotStringOctet))
        return std::nullopt;
    return AddressPattern::Half{std::string(taken), taken.find('*') != taken.npos};
}

/// \param text with a letter for each "*" it must be a domain: so "*.example.com" is one, "*..com" is not
bool isDomainGlob(std::string_view text)
{
    std::string filled(text);
    std::replace(filled.begin(), filled.end(), '*', 'x');
    return smtp::isLenientDomain(filled);
}

} // namespace

bool matchesGlob(std::string_view pattern, std::string_view text) noexcept
{
    // Only the last "*" need ever be tried again: what stands in front of it has matched as early as it can.
    constexpr auto none = std::string_view::npos;
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = none;
    std::size_t resume = 0;
    while (t < text.size())
    {
        if (p < pattern.size() && pattern[p] == '*')
        {
            star = p++;
            resume = t;
        }
        else if (p < pattern.size() && toLower(pattern[p]) == toLower(text[t]))
        {
            ++p;
            ++t;
        }
        else if (star != none)
        {
            p = star + 1;
            t = ++resume;
        }
        else
            return false;
    }
    return pattern.find_first_not_of('*', p) == none;
}

bool AddressPattern::Half::matches(std::string_view other) const noexcept
{
    return isGlob ? matchesGlob(text, other) : equalsIgnoringCase(text, other);
}

AddressPattern::AddressPattern(Half localPart, Half domain)
    : _localPart(std::move(localPart)), _domain(std::move(domain))
{
}

std::variant<AddressPattern, std::string> AddressPattern::parse(std::string_view text)
{
    if (!text.empty() && text.front() == '@')
        return "has nothing in front of the @; write *" + std::string(text);
    auto localPart = takeLocalPart(text);
    if (!localPart || text.substr(0, 1) != "@" || !smtp::isHarmlessUtf8(localPart->text))
        return std::string("is no address: what stands in front of the @ is no local-part");
    text.remove_prefix(1);
    if (text.empty())
        return std::string("has no domain behind the @; write @* for every domain");
    if (!isDomainGlob(text) && !smtp::isAddressLiteral(text))
        return std::string("is no address: what stands behind the @ is no domain");
    if (text.back() == '.')
        text.remove_suffix(1);
    return AddressPattern(std::move(*localPart), {std::string(text), text.find('*') != text.npos});
}

std::optional<std::string> AddressPattern::exactAddress() const
{
    if (_localPart.isGlob || _domain.isGlob)
        return std::nullopt;
    std::string address;
    smtp::appendLocalPart(address, _localPart.text);
    return address + '@' + _domain.text;
}

bool AddressPattern::matches(std::string_view localPart, std::string_view domain) const noexcept
{
    return _domain.matches(domain) && _localPart.matches(localPart);
}

} // namespace mpsmtp::delivery
