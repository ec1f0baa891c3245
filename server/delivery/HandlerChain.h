// Which handlers take a message, and in which roles. Made once when the configuration is loaded.
// Leaves to others: the delivery of one message (Delivery). Thread safety: [any] (immutable).
#pragma once

#include "delivery/DeliveryConfig.h"
#include "delivery/LoadedHandler.h"

#include <memory>
#include <vector>

namespace mpsmtp::delivery
{

using Handlers = std::vector<std::unique_ptr<LoadedHandler>>;

class HandlerChain
{
public:
    using List = std::vector<LoadedHandler*>;

    /// Sorts `handlers` into their roles; they must outlive the chain. Mistakes are added to `problems`: unknown names,
    /// handlers that cannot do what they are named for, and no handler that makes a 250 true.
    /// \param isComplete every section has its handler; if not, the problem of the one that is missing is known, and what
    ///                   it might have done is not missed a second time
    HandlerChain(const Handlers& handlers,
                 const DeliveryConfig& config,
                 bool isComplete,
                 std::vector<Problem>& problems);

    /// In the order of `[filters] chain`.
    [[nodiscard]] const List& filters() const noexcept { return _filters; }

    /// Two-phase and required, in file order, as all that follow.
    [[nodiscard]] const List& staging() const noexcept { return _staging; }

    /// One-phase and required.
    [[nodiscard]] const List& delivering() const noexcept { return _delivering; }

    /// Delivered to after the reply.
    [[nodiscard]] const List& optional() const noexcept { return _optional; }

    /// Those that want to hear of the 250.
    [[nodiscard]] const List& notified() const noexcept { return _notified; }

private:
    void addFilters(const Handlers& handlers,
                    const DeliveryConfig& config,
                    std::vector<Problem>& problems);
    void addRoles(LoadedHandler& handler, std::vector<Problem>& problems);

    List _filters;
    List _staging;
    List _delivering;
    List _optional;
    List _notified;
};

} // namespace mpsmtp::delivery
