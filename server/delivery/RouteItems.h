// The items of `to` and `from` of a route: takes the "!" off, and puts the lines of `file:PATH` in place of the item.
// Leaves to others: what an item means (RecipientList, SourceList).
// Thread safety: [any].
#pragma once

#include "delivery/RouteReport.h"

#include <string>
#include <vector>

namespace mpsmtp::delivery
{

struct RouteItem
{
    std::string text; ///< without the "!"
    Origin origin;    ///< of the key, or of the line in the list file
    bool isNegated = false;
};

struct RouteItems
{
    std::vector<RouteItem> items;

    /// No item is there that something must match: the list is empty or holds negations only. A file without items does not
    /// count as that: an emptied list of recipients must not open the door to all.
    bool isOpen = true;
};

/// \param baseDirectory where relative paths of list files start
[[nodiscard]] RouteItems readRouteItems(const std::vector<std::string>& written,
                                        const Origin& origin,
                                        const std::string& baseDirectory,
                                        RouteReport& report);

} // namespace mpsmtp::delivery
