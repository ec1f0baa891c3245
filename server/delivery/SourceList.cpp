// What this is and its thread safety: SourceList.h.
#include "delivery/SourceList.h"

#include "delivery/Suggestion.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

namespace mpsmtp::delivery
{

namespace
{

constexpr std::string_view everything = "*";
constexpr std::string_view nullPath = "<>";
constexpr std::string_view unixSockets = "unix";
constexpr std::string_view authenticated = "auth";
constexpr std::string_view listenerPrefix = "listener:";
constexpr std::array<std::string_view, 2> words{unixSockets, authenticated};

/// Whether this server can authenticate its clients at all. This and isAuthenticated() are the place to change when it can.
constexpr bool hasAuthentication = false;

bool isAuthenticated(const smtp::SessionInfo&) noexcept
{
    return hasAuthentication;
}

bool isListener(const std::string& item)
{
    return item.compare(0, listenerPrefix.size(), listenerPrefix) == 0;
}

/// Digits, and what else addresses are made of: then it is not a word with a slip of the pen.
bool looksLikeNetwork(std::string_view item) noexcept
{
    return item.find_first_of("0123456789:") != item.npos &&
           item.find_first_not_of("0123456789abcdefABCDEF.:/") == item.npos;
}

std::string unknownItem(const std::string& item)
{
    if (item.front() == '<')
        return "is no address here; write it without < and >";
    return "is none of these: a client's address or network, unix, auth, listener:NAME, file:PATH, "
           "a sender's address with its @, <>" +
           didYouMean(item, words);
}

std::string unknownListener(const std::string& item, const std::vector<std::string>& listeners)
{
    const auto name = item.substr(listenerPrefix.size());
    if (std::find(listeners.begin(), listeners.end(), name) != listeners.end())
        return {};
    return "is no listener: there is no section [listener:" + name + "]" +
           didYouMean(name, listeners);
}

} // namespace

SourceList::SourceList(RouteItems items,
                       const std::vector<std::string>* listeners,
                       RouteReport& report)
    : _isOpenToAll(items.isOpen)
{
    for (const RouteItem& item : items.items)
    {
        _hasUnwanted = _hasUnwanted || item.isNegated;
        std::string mistake = add(item.isNegated ? _unwanted : _wanted, item.text);
        if (isListener(item.text) && listeners != nullptr)
            mistake = unknownListener(item.text, *listeners);
        if (!mistake.empty())
            report.item(item.origin, item.text, mistake);
        if (item.text == authenticated && !hasAuthentication)
            report.warning(item.origin,
                           "auth matches no session: this version does not authenticate");
    }
    _isOpenToAll = _isOpenToAll || _wanted.isEverything;
}

std::string SourceList::add(Half& half, const std::string& item)
{
    if (isListener(item))
        half.listeners.push_back(item.substr(listenerPrefix.size()));
    else if (item == unixSockets)
        half.hasUnixSockets = true;
    else if (item == authenticated)
        half.hasAuthenticated = true;
    else if (item == nullPath)
        half.hasNullPath = true;
    else if (item == everything)
        half.isEverything = true;
    else if (item.find('@') != item.npos && item.front() != '<')
    {
        auto pattern = AddressPattern::parse(item);
        if (auto* mistake = std::get_if<std::string>(&pattern))
            return std::move(*mistake);
        half.senders.add(std::get<AddressPattern>(std::move(pattern)));
    }
    else
    {
        auto network = Network::parse(item);
        if (auto* mistake = std::get_if<std::string>(&network))
            return looksLikeNetwork(item) ? std::move(*mistake) : unknownItem(item);
        half.clients.add(std::get<Network>(network));
    }
    return {};
}

bool SourceList::Half::contains(const MailSource& source) const noexcept
{
    const auto& [session, reversePath, client] = source;
    if (isEverything || (client ? clients.contains(*client) : hasUnixSockets))
        return true;
    if (hasAuthenticated && isAuthenticated(session))
        return true;
    if (reversePath.isNull() ? hasNullPath : senders.contains(reversePath))
        return true;
    return std::find(listeners.begin(), listeners.end(), session.listener) != listeners.end();
}

bool SourceList::matches(const MailSource& source) const noexcept
{
    return (_isOpenToAll || _wanted.contains(source)) &&
           !(_hasUnwanted && _unwanted.contains(source));
}

} // namespace mpsmtp::delivery
