// Who gets which recipients of one transaction, in the roles of the delivery's steps. Thread safety: [connection].
#pragma once

#include "delivery/Destinations.h"
#include "delivery/LoadedHandler.h"

#include <cstdint>
#include <vector>

namespace mpsmtp::delivery
{

/// A handler with the recipients that it shall deliver to.
struct DeliveryJob
{
    LoadedHandler* handler;
    const std::vector<std::uint32_t>* recipients; ///< by their place in the envelope; never empty
};

class DeliveryPlan
{
public:
    using Jobs = std::vector<DeliveryJob>;

    DeliveryPlan() = default;
    DeliveryPlan(const DeliveryPlan&) = delete;
    DeliveryPlan& operator=(const DeliveryPlan&) = delete;

    /// \param everyone 0, 1, … for each destination; must stay as long as the plan is used
    /// \param handlers number of all handlers
    void make(const Destinations& destinations,
              const std::vector<std::uint32_t>& everyone,
              std::size_t handlers);

    void clear() noexcept;

    /// Two-phase and required, in file order, as all that follow.
    [[nodiscard]] const Jobs& staging() const noexcept { return _staging; }

    /// One-phase and required.
    [[nodiscard]] const Jobs& delivering() const noexcept { return _delivering; }

    /// After the reply.
    [[nodiscard]] const Jobs& optional() const noexcept { return _optional; }

private:
    using Indices = std::vector<std::uint32_t>;

    void share(const RoutePlan& plan, const Indices& everyone);
    void divide(const Destinations& destinations, std::size_t handlers);
    void add(LoadedHandler& handler, bool isRequired, const Indices& recipients);

    Jobs _staging;
    Jobs _delivering;
    Jobs _optional;
    std::vector<Indices> _required;    ///< of each handler, by its ordinal
    std::vector<Indices> _notRequired; ///< as above
};

} // namespace mpsmtp::delivery
