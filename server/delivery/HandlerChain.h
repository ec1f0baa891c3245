// Which handlers take a message, and in which roles. Made once when the configuration is loaded.
// Leaves to others: the delivery of one message (Delivery). Thread safety: [any] (immutable).
#pragma once

#include "delivery/DeliveryConfig.h"
#include "delivery/LoadedHandler.h"
#include "delivery/PolicyChain.h"
#include "delivery/RoutePlan.h"
#include "delivery/Routes.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

using Handlers = std::vector<std::unique_ptr<LoadedHandler>>;

class HandlerChain
{
public:
    using List = std::vector<LoadedHandler*>;

    /// Sorts `handlers` into their roles; they must outlive the chain. Mistakes are added to the problems: unknown names,
    /// handlers that cannot do what they are named for, and no handler that makes a 250 true; to the warnings what may
    /// double mail.
    /// \param isComplete every section has its handler; if not, the problem of the one that is missing is known, and what
    ///                   it might have done is not missed a second time
    HandlerChain(const Handlers& handlers,
                 const DeliveryConfig& config,
                 bool isComplete,
                 const Findings& findings);

    HandlerChain(const HandlerChain&) = delete;
    HandlerChain& operator=(const HandlerChain&) = delete;

    /// The filters of a listener: its own, or `[filters] chain`.
    [[nodiscard]] const PolicyChain& policyOf(std::string_view listener) const noexcept;

    /// Who gets a recipient's mail, or the reply that refuses it. Without routes: every handler that delivers.
    struct Routed
    {
        const RoutePlan* plan; ///< nullptr: refused
        smtp::Reply refusal;
        std::string_view route; ///< name of the section, or "" if there is none that matches
    };

    [[nodiscard]] Routed route(const RouteQuery& query) const;

    /// Number of all handlers.
    [[nodiscard]] std::size_t size() const noexcept { return _size; }

    /// Those that want to hear of the 250.
    [[nodiscard]] const List& onAccepted() const noexcept { return _onAccepted; }

    /// Those that want to hear of transactions that came to nothing.
    [[nodiscard]] const List& onReset() const noexcept { return _onReset; }

    /// Those that want to hear of the end of a session.
    [[nodiscard]] const List& onDisconnect() const noexcept { return _onDisconnect; }

private:
    struct NamedPolicy
    {
        std::string listener;
        PolicyChain policy;
    };

    [[nodiscard]] PolicyChain makePolicy(const Handlers& handlers,
                                         const DeliveryConfig& config,
                                         const ListenerFilters& filters,
                                         std::vector<Problem>& problems);
    void addRoles(LoadedHandler& handler, std::size_t ordinal, std::vector<Problem>& problems);
    void addRoutePlans(const Handlers& handlers);
    void warnOfDoubles(const Findings& findings) const;

    const std::size_t _size;
    List _inSomeChain;
    PolicyChain _policy; ///< `[filters] chain`
    std::vector<NamedPolicy> _listenerPolicies;
    RoutePlan _everything;
    Routes _routes;
    std::vector<RoutePlan> _routePlans; ///< of each of _routes
    List _onAccepted;
    List _onReset;
    List _onDisconnect;
};

} // namespace mpsmtp::delivery
