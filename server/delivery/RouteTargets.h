// `deliver` of routes: which handlers they name, and whether those can do what is asked of them.
// Thread safety: [any] (pure functions).
#pragma once

#include "delivery/RouteConfig.h"

#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

/// What is known of a handler.
struct HandlerAbility
{
    std::string name;
    bool delivers = true;   ///< it has a delivery hook
    bool isRequired = true; ///< `required` of its section
    Origin origin{};        ///< of its section, for warnings
};

/// "screen?" → screen, optional.
[[nodiscard]] RouteTarget parseRouteTarget(std::string_view item);

/// Handlers that do not exist, that do not deliver, or are there twice; routes that promise nothing; and, as warnings,
/// delivering handlers that no route names. Without routes nothing is wrong.
/// \param handlers all of them, also those whose own mistakes are known already
void checkRouteTargets(const std::vector<RouteConfig>& routes,
                       const std::vector<HandlerAbility>& handlers,
                       std::vector<Problem>& problems,
                       std::vector<Problem>& warnings);

} // namespace mpsmtp::delivery
