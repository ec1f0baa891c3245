// `to` of a route: which recipients it takes. docs/routes.md has the grammar for people.
// Thread safety: [any] once it is made (immutable).
#pragma once

#include "delivery/AddressSet.h"
#include "delivery/RouteItems.h"
#include "smtp/Envelope.h"

namespace mpsmtp::delivery
{

class RecipientList
{
public:
    /// Mistakes go to `report`, with their places.
    RecipientList(RouteItems items, RouteReport& report);

    [[nodiscard]] bool matches(const smtp::Path& forwardPath) const noexcept;

    /// True if no recipient can fail to match.
    [[nodiscard]] bool isEverything() const noexcept { return _isOpenToAll && !_hasUnwanted; }

private:
    struct Half
    {
        AddressSet addresses;
        bool hasPostmaster = false;

        [[nodiscard]] bool contains(const smtp::Path& path) const noexcept;
    };

    Half _wanted;
    Half _unwanted;
    bool _isOpenToAll = false;
    bool _hasUnwanted = false;
};

} // namespace mpsmtp::delivery
