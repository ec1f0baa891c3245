// What this is and its thread safety: RouteCheck.h.
#include "app/RouteCheck.h"

#include "delivery/RouteTargets.h"
#include "delivery/Routes.h"

#include <algorithm>
#include <string>
#include <vector>

namespace mpsmtp::app
{

using delivery::DeliveryConfig;
using delivery::HandlerAbility;
using delivery::HandlerConfig;
using delivery::Problem;

namespace
{

bool isSame(const Problem& a, const Problem& b)
{
    return a.origin.file == b.origin.file && a.origin.line == b.origin.line && a.text == b.text;
}

void appendNew(std::vector<Problem>& target, const std::vector<Problem>& found)
{
    for (const Problem& problem : found)
        if (std::none_of(target.begin(),
                         target.end(),
                         [&](const Problem& each) { return isSame(each, problem); }))
            target.push_back(problem);
}

bool isTarget(const std::string& handler, const DeliveryConfig& config)
{
    for (const delivery::RouteConfig& route : config.routes)
        for (const delivery::RouteTarget& target : route.deliver)
            if (target.handler == handler)
                return true;
    return false;
}

/// A handler that filters may deliver as well; only its plugin knows. Taken for one that does only if a route says so,
/// there is neither a false mistake nor a false warning.
std::vector<HandlerAbility> abilitiesOf(const DeliveryConfig& config)
{
    std::vector<HandlerAbility> abilities;
    for (const HandlerConfig& handler : config.handlers)
    {
        const auto& chain = config.filterChain;
        const bool isFilter = std::find(chain.begin(), chain.end(), handler.name) != chain.end();
        abilities.push_back({handler.name,
                             !isFilter || isTarget(handler.name, config),
                             handler.required,
                             handler.origin});
    }
    return abilities;
}

} // namespace

void checkRoutes(LoadedConfiguration& loaded)
{
    const DeliveryConfig& config = loaded.configuration.delivery;
    std::vector<Problem> problems;
    std::vector<Problem> warnings;
    const delivery::Routes routes(
        config.routes, config.baseDirectory, config.listeners, problems, warnings);
    // Without any handler each name would be unknown, and the reason has been told.
    if (!config.handlers.empty())
        checkRouteTargets(config.routes, abilitiesOf(config), problems, warnings);
    appendNew(loaded.problems, problems);
    appendNew(loaded.warnings, warnings);
}

} // namespace mpsmtp::app
