// Which handlers get a recipient's mail, or which reply refuses it: the first `[route:NAME]` section whose `to` and `from`
// both match. Leaves to others: calling the handlers, and whether they can do it (RouteTargets).
// Thread safety: [any] once it is made (immutable).
#pragma once

#include "delivery/RecipientList.h"
#include "delivery/RouteConfig.h"
#include "delivery/SourceList.h"
#include "smtp/Envelope.h"
#include "smtp/Reply.h"

#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::delivery
{

/// What a recipient is told that no route takes (RFC 3463 3.2: bad destination mailbox address).
inline constexpr smtp::FixedReply noRoute{550, "5.1.1", "No such recipient here"};

/// One recipient of one mail transaction. Borrows all.
struct RouteQuery
{
    const smtp::SessionInfo& session;
    const smtp::Path& reversePath;
    const smtp::Path& forwardPath;
};

class Route
{
public:
    /// Reads the list files. \param listeners see SourceList
    Route(const RouteConfig& config,
          const std::string& baseDirectory,
          const std::vector<std::string>* listeners,
          const Findings& findings);

    [[nodiscard]] const std::string& name() const noexcept { return _name; }

    [[nodiscard]] const Origin& origin() const noexcept { return _origin; }

    /// The reply of `reject`; none: targets() get the mail.
    [[nodiscard]] const std::optional<smtp::Reply>& rejection() const noexcept
    {
        return _rejection;
    }

    /// Of `deliver`, in the order of the file.
    [[nodiscard]] const std::vector<RouteTarget>& targets() const noexcept { return _targets; }

    [[nodiscard]] bool matches(const MailSource& source,
                               const smtp::Path& forwardPath) const noexcept;

    /// True if it takes whatever comes to it.
    [[nodiscard]] bool isUnconditional() const noexcept
    {
        return _to.isEverything() && _from.isEverything();
    }

private:
    std::string _name;
    Origin _origin;
    RecipientList _to;
    SourceList _from;
    std::vector<RouteTarget> _targets;
    std::optional<smtp::Reply> _rejection;
};

class Routes
{
public:
    Routes() = default;

    /// `file:` lists are read here. Mistakes go to `problems`, with file, line and what to do; if there are any, the routes
    /// must not be used. The names of listeners are not checked.
    Routes(const std::vector<RouteConfig>& configs,
           const std::string& baseDirectory,
           std::vector<Problem>& problems);

    /// The same, with what is allowed but most likely not meant in `warnings`: a route that can never match, a list without
    /// items. \param listeners the names that `from = listener:NAME` may hold
    Routes(const std::vector<RouteConfig>& configs,
           const std::string& baseDirectory,
           const std::vector<std::string>& listeners,
           std::vector<Problem>& problems,
           std::vector<Problem>& warnings);

    /// In file order.
    [[nodiscard]] const std::vector<Route>& all() const noexcept { return _routes; }

    /// No `[route:NAME]` at all: every delivering handler gets every message.
    [[nodiscard]] bool empty() const noexcept { return _routes.empty(); }

    /// The first that matches, or nullptr: the caller refuses with `noRoute`. Allocates nothing.
    [[nodiscard]] const Route* find(const RouteQuery& query) const noexcept;

private:
    Routes(const std::vector<RouteConfig>& configs,
           const std::string& baseDirectory,
           const std::vector<std::string>* listeners,
           const Findings& findings);

    void warnOfUnreachable(std::vector<Problem>& warnings) const;

    std::vector<Route> _routes;
};

} // namespace mpsmtp::delivery
