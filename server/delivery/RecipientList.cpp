// What this is and its thread safety: RecipientList.h.
#include "delivery/RecipientList.h"

#include "delivery/NetworkSet.h"
#include "smtp/Ascii.h"

#include <string>
#include <variant>

namespace mpsmtp::delivery
{

namespace
{

constexpr std::string_view everyone = "*";
constexpr std::string_view postmaster = "postmaster";

/// What somebody who wrote an item without "@" most likely meant.
std::string hintFor(const std::string& text)
{
    const std::string no = "is no address; ";
    if (text == "unix" || text == "auth" || text.rfind("listener:", 0) == 0 ||
        std::holds_alternative<Network>(Network::parse(text)))
        return no + "it belongs into \"from\"";
    if (text.find('/') != text.npos)
        return no + "write file:" + text + " for a list in a file";
    if (text.find('.') != text.npos)
        return no + "write *@" + text + " for the whole domain";
    return no + "write " + text + "@* for every domain";
}

std::variant<AddressPattern, std::string> parseItem(const std::string& text)
{
    if (text.front() == '<')
        return std::string("is no address here; write it without < and >");
    if (text == everyone)
        return AddressPattern::parse("*@*");
    return text.find('@') == text.npos ? hintFor(text) : AddressPattern::parse(text);
}

} // namespace

RecipientList::RecipientList(RouteItems items, RouteReport& report) : _isOpenToAll(items.isOpen)
{
    for (const RouteItem& item : items.items)
    {
        Half& half = item.isNegated ? _unwanted : _wanted;
        _hasUnwanted = _hasUnwanted || item.isNegated;
        if (smtp::equalsIgnoringCase(item.text, postmaster))
        {
            half.hasPostmaster = true;
            continue;
        }
        auto pattern = parseItem(item.text);
        if (const auto* mistake = std::get_if<std::string>(&pattern))
            report.item(item.origin, item.text, *mistake);
        else
            half.addresses.add(std::get<AddressPattern>(std::move(pattern)));
    }
    _isOpenToAll = _isOpenToAll || _wanted.addresses.isEverything();
}

bool RecipientList::Half::contains(const smtp::Path& path) const noexcept
{
    return (hasPostmaster && smtp::equalsIgnoringCase(path.localPart, postmaster)) ||
           addresses.contains(path);
}

bool RecipientList::matches(const smtp::Path& forwardPath) const noexcept
{
    return (_isOpenToAll || _wanted.contains(forwardPath)) &&
           !(_hasUnwanted && _unwanted.contains(forwardPath));
}

} // namespace mpsmtp::delivery
