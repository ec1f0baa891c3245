// The delivery of one message: from the complete data to the one reply, in the order that makes a 250 true
// (docs/architecture.md, "Delivery"; RFC 5321 4.2.5, 6.1):
//
//   1. filters, until one answers other than Continue
//   2. stage every required two-phase handler         nothing is visible yet
//   3. deliver to every required one-phase handler    cannot be taken back, so it comes as late as possible
//   4. persist all that is staged
//   5. commit all                                     → 250
//   6. after the reply: optional handlers, each for itself, and the notifications
//
// A failure in 1 to 4 aborts everything staged, the last first, and is the reply.
//
// A failure in 5 aborts what is not committed yet and answers 451: the client keeps the mail and sends it again, so that
// nothing is lost, and each commit that was spared is one duplicate less. What had been committed by then will be there
// twice; that is logged as an error.
//
// Leaves to others: what a call of a handler is (DeliveryCalls), what a filter is asked by (PolicyChain).
// Thread safety: [connection].
#pragma once

#include "delivery/Clock.h"
#include "delivery/DeliveryCalls.h"
#include "delivery/DeliveryPlan.h"
#include "delivery/HandlerChain.h"
#include "delivery/HandlerOutcome.h"
#include "delivery/StagedMail.h"
#include "metrics/Metrics.h"
#include "smtp/Reply.h"

#include <array>
#include <chrono>
#include <optional>
#include <vector>

namespace mpsmtp::delivery
{

class Delivery
{
public:
    /// Both must outlive the object.
    Delivery(const HandlerChain& chain, Clock& clock) noexcept
        : _chain(chain), _calls(clock, _outcomes)
    {
        clear();
    }

    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;

    /// Steps 1 to 5. \return the reply; nullopt: delivered, or discarded by a filter: the usual 250
    /// \throws std::bad_alloc and what a log channel throws; everything staged is then aborted
    [[nodiscard]] std::optional<smtp::Reply> run(const DeliveryInput& input);

    /// True if step 6 has work. \param plan that of run()
    [[nodiscard]] bool hasWorkAfterReply(const DeliveryPlan& plan) const noexcept;

    /// Step 6. One handler's failure is logged and does not keep the next one from its work.
    void afterReply(const DeliveryInput& input);

    /// Forgets the last run().
    void clear() noexcept;

    /// Of the last run().
    [[nodiscard]] const std::vector<HandlerOutcome>& outcomes() const noexcept
    {
        return _outcomes.all();
    }

    /// Of the last run(): how long each phase took, below 0 where there was none.
    using Phases = std::array<std::chrono::nanoseconds, metrics::phaseNames.size()>;

    [[nodiscard]] const Phases& phases() const noexcept { return _phases; }

    /// The look at the clock with which the last run() or afterReply() ended.
    [[nodiscard]] std::chrono::steady_clock::time_point now() const noexcept
    {
        return _calls.now();
    }

private:
    using Refusal = std::optional<smtp::Reply>;

    [[nodiscard]] Refusal deliverRequired(const DeliveryInput& input);
    [[nodiscard]] Refusal filter(const DeliveryInput& input);
    [[nodiscard]] Refusal stageAll(const DeliveryInput& input);
    [[nodiscard]] Refusal deliverAll(const DeliveryInput& input);
    [[nodiscard]] Refusal persistAll(const DeliveryInput& input);
    [[nodiscard]] Refusal commitAll(const DeliveryInput& input);
    void reserve(const DeliveryInput& input);
    void abortStaged() noexcept;
    void deliverOptional(const DeliveryJob& job, const DeliveryInput& input);
    void notify(const LoadedHandler& handler, const DeliveryInput& input) const;
    template <class Step>
    [[nodiscard]] Refusal timed(metrics::Phase phase, bool isNeeded, Step&& step);

    const HandlerChain& _chain;
    std::vector<StagedMail> _staged;
    HandlerOutcomes _outcomes;
    DeliveryCalls _calls;
    bool _isDiscarded = false;
    bool _isAccepted = false;
    Phases _phases{};
};

} // namespace mpsmtp::delivery
