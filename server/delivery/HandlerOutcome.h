// What became of each handler in a delivery, for the transaction's log line and the metrics.
// Thread safety: [connection].
#pragma once

#include "delivery/HookAnswer.h"
#include "delivery/LoadedHandler.h"
#include "metrics/Metrics.h"

#include <chrono>
#include <cstddef>
#include <vector>

namespace mpsmtp::delivery
{

struct HandlerOutcome
{
    enum class Kind
    {
        Staged, ///< not final
        Delivered,
        Refused,   ///< the handler chose to fail the mail
        Failed,    ///< the handler threw, or answered what it may not
        Aborted,   ///< staged, but another handler failed
        Discarded, ///< by this filter
        Later      ///< optional: after the reply
    };

    const LoadedHandler* handler;
    Kind kind;
    bool isPresent = false;              ///< it is at work on the message, for the metrics
    std::chrono::nanoseconds elapsed{0}; ///< in its calls
    metrics::Fault cause = metrics::Fault::Exception; ///< if Failed

    /// For the log: "ok", "failed", …
    [[nodiscard]] const char* word() const noexcept;
};

/// Those of one delivery, in the order in which they came. Keeps its memory for the next one.
class HandlerOutcomes
{
public:
    using Kind = HandlerOutcome::Kind;

    /// Room for `count` of them. \throws std::bad_alloc
    void reserve(std::size_t count) { _all.reserve(count); }

    void clear() noexcept { _all.clear(); }

    [[nodiscard]] const std::vector<HandlerOutcome>& all() const noexcept { return _all; }

    /// A handler that did no step of the delivery: a filter's end of it, or what comes later.
    void add(const LoadedHandler& handler, Kind kind) { _all.push_back({&handler, kind}); }

    /// The first step of a handler. There must be room.
    /// \param success what it has come to if it went well
    /// \param spent   in the call
    void add(const LoadedHandler& handler,
             const DeliveryAnswer& answer,
             Kind success,
             std::chrono::nanoseconds spent) noexcept;

    /// What a later step of a handler has come to. A step that went well on the way changes nothing but the time.
    void note(const LoadedHandler& handler,
              const DeliveryAnswer& answer,
              Kind success,
              std::chrono::nanoseconds spent) noexcept;

    /// What the handler has staged goes.
    void noteAbort(const LoadedHandler& handler) noexcept;

private:
    std::vector<HandlerOutcome> _all;
};

} // namespace mpsmtp::delivery
