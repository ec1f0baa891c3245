// What this is and its thread safety: DeliveryPlan.h.
#include "delivery/DeliveryPlan.h"

#include <algorithm>

namespace mpsmtp::delivery
{

void DeliveryPlan::make(const Destinations& destinations,
                        const std::vector<std::uint32_t>& everyone,
                        std::size_t handlers)
{
    clear();
    if (destinations.empty())
        return;
    const RoutePlan* first = destinations.front().plan;
    const bool isOneRoute =
        std::all_of(destinations.begin(),
                    destinations.end(),
                    [&](const Destination& each) { return each.plan == first; });
    if (isOneRoute) // the usual case costs nothing
        share(*first, everyone);
    else
        divide(destinations, handlers);
}

void DeliveryPlan::clear() noexcept
{
    _staging.clear();
    _delivering.clear();
    _optional.clear();
}

void DeliveryPlan::share(const RoutePlan& plan, const Indices& everyone)
{
    for (const RoutePlan::Target& target : plan.targets)
        add(*target.handler, target.isRequired, everyone);
}

void DeliveryPlan::divide(const Destinations& destinations, std::size_t handlers)
{
    std::vector<LoadedHandler*> known(handlers);
    _required.assign(handlers, {});
    _notRequired.assign(handlers, {});
    for (std::uint32_t i = 0; i < destinations.size(); ++i)
        for (const RoutePlan::Target& target : destinations[i].plan->targets)
        {
            known[target.ordinal] = target.handler;
            (target.isRequired ? _required : _notRequired)[target.ordinal].push_back(i);
        }
    for (std::size_t ordinal = 0; ordinal < handlers; ++ordinal)
    {
        if (!_required[ordinal].empty())
            add(*known[ordinal], true, _required[ordinal]);
        if (!_notRequired[ordinal].empty())
            add(*known[ordinal], false, _notRequired[ordinal]);
    }
}

void DeliveryPlan::add(LoadedHandler& handler, bool isRequired, const Indices& recipients)
{
    Jobs& jobs = !isRequired ? _optional : handler.has(MPSMTP_HOOK_STAGE) ? _staging : _delivering;
    jobs.push_back({&handler, &recipients});
}

} // namespace mpsmtp::delivery
