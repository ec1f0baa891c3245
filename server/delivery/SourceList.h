// `from` of a route: which clients, listeners and senders it takes. docs/routes.md has the grammar for people.
// Thread safety: [any] once it is made (immutable).
#pragma once

#include "delivery/AddressSet.h"
#include "delivery/NetworkSet.h"
#include "delivery/RouteItems.h"
#include "smtp/Envelope.h"

#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::delivery
{

/// Where a mail comes from. Borrows both.
struct MailSource
{
    const smtp::SessionInfo& session;
    const smtp::Path& reversePath;
    const std::optional<IpAddress> client; ///< none: a Unix socket
};

class SourceList
{
public:
    /// Mistakes go to `report`, with their places.
    /// \param listeners the names that exist; nullptr: not known here, so they are not checked
    SourceList(RouteItems items, const std::vector<std::string>* listeners, RouteReport& report);

    [[nodiscard]] bool matches(const MailSource& source) const noexcept;

    /// True if nothing can fail to match.
    [[nodiscard]] bool isEverything() const noexcept { return _isOpenToAll && !_hasUnwanted; }

private:
    struct Half
    {
        AddressSet senders;
        NetworkSet clients;
        std::vector<std::string> listeners;
        bool hasUnixSockets = false;
        bool hasAuthenticated = false;
        bool hasNullPath = false;
        bool isEverything = false;

        [[nodiscard]] bool contains(const MailSource& source) const noexcept;
    };

    /// \return what is wrong with the item, or ""
    static std::string add(Half& half, const std::string& item);

    Half _wanted;
    Half _unwanted;
    bool _isOpenToAll = false;
    bool _hasUnwanted = false;
};

} // namespace mpsmtp::delivery
