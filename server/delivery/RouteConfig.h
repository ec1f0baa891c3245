// What the configuration says about routes, as plain values with the place each came from; Routes makes them into
// something that answers. Thread safety: [any] (immutable).
#pragma once

#include "delivery/Origin.h"

#include <string>
#include <vector>

namespace mpsmtp::delivery
{

/// One item of `deliver = tree, screen?`.
struct RouteTarget
{
    std::string handler;
    bool isOptional = false; ///< "?": its failure does not keep the mail from being accepted
};

/// A `[route:NAME]` section.
struct RouteConfig
{
    std::string name;
    std::vector<std::string> to;   ///< items as written; none: every recipient
    std::vector<std::string> from; ///< items as written; none: every client and sender
    std::vector<RouteTarget> deliver;
    std::string reject; ///< a reply as written, or "": delivers
    Origin origin;      ///< of the section's head
    Origin toOrigin;    ///< of the keys; of the section's head where they are not set
    Origin fromOrigin;
    Origin deliverOrigin;
    Origin rejectOrigin;
};

} // namespace mpsmtp::delivery
