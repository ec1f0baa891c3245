// Which handlers a route delivers to. Made once when the configuration is loaded. Thread safety: [any] (immutable).
#pragma once

#include "delivery/LoadedHandler.h"

#include <cstddef>
#include <vector>

namespace mpsmtp::delivery
{

struct RoutePlan
{
    struct Target
    {
        LoadedHandler* handler;
        std::size_t ordinal; ///< its place among all handlers
        bool isRequired;
    };

    std::vector<Target> targets; ///< file order of the handlers' sections
};

} // namespace mpsmtp::delivery
