// What this is and its thread safety: HandlerChain.h.
#include "delivery/HandlerChain.h"

#include "delivery/Suggestion.h"

#include <algorithm>
#include <string>

namespace mpsmtp::delivery
{

namespace
{

/// The section of a name, or nullptr.
const HandlerConfig* sectionOf(const std::string& name, const DeliveryConfig& config)
{
    const auto found = std::find_if(config.handlers.begin(),
                                    config.handlers.end(),
                                    [&](const HandlerConfig& each) { return each.name == name; });
    return found == config.handlers.end() ? nullptr : &*found;
}

/// The handler of a name, or nullptr: there is no such section, or its handler could not be made.
LoadedHandler* handlerOf(const std::string& name, const Handlers& handlers)
{
    const auto found = std::find_if(
        handlers.begin(), handlers.end(), [&](const auto& each) { return each->name() == name; });
    return found == handlers.end() ? nullptr : found->get();
}

/// "[filters] chain" or "[listener:NAME] filters".
std::string keyOf(const ListenerFilters& filters)
{
    return filters.listener.empty() ? "[filters] chain"
                                    : "[listener:" + filters.listener + "] filters";
}

std::string unknownName(const std::string& name, const DeliveryConfig& config)
{
    std::vector<std::string_view> names;
    for (const HandlerConfig& section : config.handlers)
        names.push_back(section.name);
    return "there is no section [handler:" + name + "]" + didYouMean(name, names);
}

bool contains(const HandlerChain::List& list, const LoadedHandler* handler)
{
    return std::find(list.begin(), list.end(), handler) != list.end();
}

} // namespace

HandlerChain::HandlerChain(const Handlers& handlers,
                           const DeliveryConfig& config,
                           bool isComplete,
                           std::vector<Problem>& problems)
    : _size(handlers.size()),
      _policy(makePolicy(
          handlers, config, {{}, config.filterChain, config.filterChainOrigin}, problems))
{
    for (const ListenerFilters& each : config.listenerFilters)
        _listenerPolicies.push_back({each.listener, makePolicy(handlers, config, each, problems)});
    for (std::size_t ordinal = 0; ordinal < handlers.size(); ++ordinal)
        addRoles(*handlers[ordinal], ordinal, problems);
    const bool delivers = std::any_of(_everything.targets.begin(),
                                      _everything.targets.end(),
                                      [](const auto& target) { return target.isRequired; });
    if (isComplete && !delivers)
        problems.push_back(
            {{},
             "no handler delivers mail: add a [handler:NAME] section with a type such as "
             "maildir, mh, mbox or console, without required = no"});
}

const PolicyChain& HandlerChain::policyOf(std::string_view listener) const noexcept
{
    const auto found =
        std::find_if(_listenerPolicies.begin(),
                     _listenerPolicies.end(),
                     [&](const NamedPolicy& each) { return each.listener == listener; });
    return found == _listenerPolicies.end() ? _policy : found->policy;
}

PolicyChain HandlerChain::makePolicy(const Handlers& handlers,
                                     const DeliveryConfig& config,
                                     const ListenerFilters& filters,
                                     std::vector<Problem>& problems)
{
    List chain;
    const auto report = [&](const std::string& text) {
        problems.push_back({filters.origin, keyOf(filters) + ": " + text});
    };
    for (const std::string& name : filters.chain)
    {
        LoadedHandler* handler = handlerOf(name, handlers);
        if (!handler && !sectionOf(name, config))
            report(unknownName(name, config));
        if (!handler) // else its own problem is known already
            continue;
        if (contains(chain, handler))
            report("\"" + name + "\" stands in it twice");
        else if (!handler->isFilter())
            report("\"" + name +
                   "\" cannot filter: its plugin has no hook that judges, such as "
                   "onRcpt or onMessage");
        else
            chain.push_back(handler);
    }
    _inSomeChain.insert(_inSomeChain.end(), chain.begin(), chain.end());
    return PolicyChain(chain);
}

void HandlerChain::addRoles(LoadedHandler& handler,
                            std::size_t ordinal,
                            std::vector<Problem>& problems)
{
    constexpr std::uint32_t notifications =
        MPSMTP_HOOK_ACCEPTED | MPSMTP_HOOK_RESET | MPSMTP_HOOK_DISCONNECT;
    if (handler.has(MPSMTP_HOOK_ACCEPTED))
        _onAccepted.push_back(&handler);
    if (handler.has(MPSMTP_HOOK_RESET))
        _onReset.push_back(&handler);
    if (handler.has(MPSMTP_HOOK_DISCONNECT))
        _onDisconnect.push_back(&handler);
    if (handler.isDelivering())
        _everything.targets.push_back({&handler, ordinal, handler.isRequired()});
    else if (!contains(_inSomeChain, &handler) && !handler.has(notifications))
        problems.push_back({handler.origin(),
                            "[handler:" + handler.name() +
                                "] has no delivery hook and is in no filter chain: it would never "
                                "be called"});
}

} // namespace mpsmtp::delivery
