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

std::string unknownName(const std::string& name, const DeliveryConfig& config)
{
    std::vector<std::string_view> names;
    for (const HandlerConfig& section : config.handlers)
        names.push_back(section.name);
    return "[filters] chain: there is no section [handler:" + name + "]" + didYouMean(name, names);
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
{
    addFilters(handlers, config, problems);
    for (const auto& handler : handlers)
        addRoles(*handler, problems);
    if (isComplete && _staging.empty() && _delivering.empty())
        problems.push_back(
            {{},
             "no handler delivers mail: add a [handler:NAME] section with a type such as "
             "maildir, mh, mbox or console, without required = no"});
}

void HandlerChain::addFilters(const Handlers& handlers,
                              const DeliveryConfig& config,
                              std::vector<Problem>& problems)
{
    const auto report = [&](const std::string& text) {
        problems.push_back({config.filterChainOrigin, text});
    };
    for (const std::string& name : config.filterChain)
    {
        LoadedHandler* handler = handlerOf(name, handlers);
        if (!handler && !sectionOf(name, config))
            report(unknownName(name, config));
        if (!handler) // else its own problem is known already
            continue;
        if (contains(_filters, handler))
            report("[filters] chain: \"" + name + "\" stands in it twice");
        else if (!handler->has(MPSMTP_HOOK_MESSAGE))
            report("[filters] chain: \"" + name +
                   "\" cannot filter: its plugin has no onMessage hook");
        else
            _filters.push_back(handler);
    }
}

void HandlerChain::addRoles(LoadedHandler& handler, std::vector<Problem>& problems)
{
    if (handler.has(MPSMTP_HOOK_ACCEPTED))
        _notified.push_back(&handler);
    if (!handler.isDelivering())
    {
        if (!contains(_filters, &handler) && !handler.has(MPSMTP_HOOK_ACCEPTED))
            problems.push_back(
                {handler.origin(),
                 "[handler:" + handler.name() +
                     "] has no delivery hook and is in no filter chain: it would never be "
                     "called"});
    }
    else if (!handler.isRequired())
        _optional.push_back(&handler);
    else if (handler.has(MPSMTP_HOOK_STAGE))
        _staging.push_back(&handler);
    else
        _delivering.push_back(&handler);
}

} // namespace mpsmtp::delivery
