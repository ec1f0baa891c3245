// What this is and its thread safety: HandlerChain.h.
#include "delivery/HandlerChain.h"

#include "delivery/RouteTargets.h"
#include "delivery/Suggestion.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

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

/// Of all sections, also of those whose handler could not be made: their own problem is known already.
std::vector<HandlerAbility> abilitiesOf(const Handlers& handlers, const DeliveryConfig& config)
{
    std::vector<HandlerAbility> abilities;
    for (const HandlerConfig& section : config.handlers)
    {
        const LoadedHandler* handler = handlerOf(section.name, handlers);
        abilities.push_back(
            {section.name, !handler || handler->isDelivering(), section.required, section.origin});
    }
    return abilities;
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
                           const Findings& findings)
    : _size(handlers.size()),
      _policy(makePolicy(
          handlers, config, {{}, config.filterChain, config.filterChainOrigin}, findings.problems)),
      _routes(config.routes,
              config.baseDirectory,
              config.listeners,
              findings.problems,
              findings.warnings)
{
    std::vector<Problem>& problems = findings.problems;
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
    checkRouteTargets(config.routes, abilitiesOf(handlers, config), problems, findings.warnings);
    addRoutePlans(handlers);
    warnOfDoubles(findings);
}

void HandlerChain::addRoutePlans(const Handlers& handlers)
{
    for (const Route& route : _routes.all())
    {
        RoutePlan plan;
        // In the order of the handlers' sections and not of `deliver`: every transaction calls them in the same order.
        for (std::size_t ordinal = 0; ordinal < handlers.size(); ++ordinal)
            for (const RouteTarget& target : route.targets())
                if (target.handler == handlers[ordinal]->name())
                    plan.targets.push_back({handlers[ordinal].get(),
                                            ordinal,
                                            !target.isOptional && handlers[ordinal]->isRequired()});
        _routePlans.push_back(std::move(plan));
    }
}

/// What one-phase handlers deliver cannot be taken back: if the second one fails, the client's retry reaches the first
/// one twice.
void HandlerChain::warnOfDoubles(const Findings& findings) const
{
    std::vector<const RoutePlan*> plans{&_everything};
    if (!_routes.empty())
        plans.clear();
    for (const RoutePlan& plan : _routePlans)
        plans.push_back(&plan);
    std::set<std::string> told;
    for (const RoutePlan* plan : plans)
    {
        const LoadedHandler* first = nullptr;
        for (const RoutePlan::Target& target : plan->targets)
        {
            if (!target.isRequired || target.handler->has(MPSMTP_HOOK_STAGE))
                continue;
            const LoadedHandler* previous = std::exchange(first, target.handler);
            if (previous && told.insert(previous->name() + "," + target.handler->name()).second)
                findings.warnings.push_back(
                    {target.handler->origin(),
                     "[handler:" + target.handler->name() + "] and [handler:" + previous->name() +
                         "] deliver in one phase and are both required: if this one fails, a retry "
                         "reaches the other one twice; consider required = no"});
        }
    }
}

HandlerChain::Routed HandlerChain::route(const RouteQuery& query) const
{
    if (_routes.empty())
        return {&_everything, {}, {}};
    const Route* route = _routes.find(query);
    if (!route)
        return {nullptr, noRoute, {}};
    if (route->rejection())
        return {nullptr, *route->rejection(), route->name()};
    const auto place = static_cast<std::size_t>(route - _routes.all().data());
    return {&_routePlans[place], {}, route->name()};
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
