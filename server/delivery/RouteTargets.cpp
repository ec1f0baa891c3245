// What this is and its thread safety: RouteTargets.h.
#include "delivery/RouteTargets.h"

#include "delivery/RouteReport.h"
#include "delivery/Suggestion.h"
#include "delivery/Values.h"

#include <algorithm>
#include <set>

namespace mpsmtp::delivery
{

namespace
{

class Checker
{
public:
    Checker(const std::vector<HandlerAbility>& handlers, const Findings& findings)
        : _handlers(handlers), _findings(findings)
    {
    }

    void check(const RouteConfig& route);
    void warnOfUnused() const;

private:
    const HandlerAbility* find(const std::string& name) const
    {
        const auto found =
            std::find_if(_handlers.begin(),
                         _handlers.end(),
                         [&](const HandlerAbility& each) { return each.name == name; });
        return found == _handlers.end() ? nullptr : &*found;
    }

    std::string mistakeOf(const RouteTarget& target) const;

    const std::vector<HandlerAbility>& _handlers;
    const Findings _findings;
    std::set<std::string> _used;
};

std::string Checker::mistakeOf(const RouteTarget& target) const
{
    if (target.handler.empty())
        return "has a \"?\" without a handler in front of it";
    if (const HandlerAbility* handler = find(target.handler))
        return handler->delivers
                   ? std::string()
                   : "\"" + target.handler + "\" cannot deliver: its plugin has no delivery hook";
    std::vector<std::string_view> names;
    for (const HandlerAbility& each : _handlers)
        names.push_back(each.name);
    return "\"" + target.handler +
           "\" is no handler: there is no section [handler:" + target.handler + "]" +
           didYouMean(target.handler, names);
}

void Checker::check(const RouteConfig& route)
{
    RouteReport report(route.name, "deliver", _findings);
    std::set<std::string> seen;
    bool isPromised = route.deliver.empty();
    for (const RouteTarget& target : route.deliver)
    {
        if (!seen.insert(target.handler).second)
        {
            report.item(route.deliverOrigin, target.handler, "is there twice");
            continue;
        }
        const std::string mistake = mistakeOf(target);
        const HandlerAbility* handler = find(target.handler);
        // What is unknown may have been meant as the required one: one mistake, one sentence.
        isPromised = isPromised || !mistake.empty() || (!target.isOptional && handler->isRequired);
        if (!mistake.empty())
            report.problem(route.deliverOrigin, mistake);
    }
    _used.insert(seen.begin(), seen.end());
    if (!isPromised)
        report.problem(route.deliverOrigin,
                       "has only optional handlers, so 250 would promise nothing: leave the \"?\" "
                       "out, or set required = yes in the handler's section");
}

void Checker::warnOfUnused() const
{
    for (const HandlerAbility& handler : _handlers)
        if (handler.delivers && _used.count(handler.name) == 0)
            _findings.warnings.push_back(
                {handler.origin, "[handler:" + handler.name + "] is in no route: it gets no mail"});
}

} // namespace

RouteTarget parseRouteTarget(std::string_view item)
{
    item = trimmed(item);
    const bool isOptional = !item.empty() && item.back() == '?';
    if (isOptional)
        item.remove_suffix(1);
    return {std::string(trimmed(item)), isOptional};
}

void checkRouteTargets(const std::vector<RouteConfig>& routes,
                       const std::vector<HandlerAbility>& handlers,
                       std::vector<Problem>& problems,
                       std::vector<Problem>& warnings)
{
    Checker checker(handlers, {problems, warnings});
    for (const RouteConfig& route : routes)
        checker.check(route);
    if (!routes.empty())
        checker.warnOfUnused();
}

} // namespace mpsmtp::delivery
