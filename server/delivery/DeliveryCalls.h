// One step of a delivery in one handler: the call within the handler's slots and the time for the reply, its answer judged
// and logged, and what it has come to noted with the time that it took.
// Leaves to others: the order of the steps, and what a failure means for the message (Delivery).
// Thread safety: [connection].
#pragma once

#include "delivery/Clock.h"
#include "delivery/DeliveryPlan.h"
#include "delivery/HandlerOutcome.h"
#include "delivery/HookAnswer.h"
#include "delivery/MessageView.h"
#include "delivery/PolicyChain.h"
#include "delivery/StagedMail.h"

#include <mpsmtp/abi.h>

#include <chrono>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

/// What all handlers are given. Borrowed: must stay until afterReply() is done.
struct DeliveryInput
{
    const mpsmtp_envelope& envelope;
    const PolicyChain& policy;
    const DeliveryPlan& plan;
    MessageView& message;
    std::chrono::steady_clock::time_point begun;    ///< a look at the clock just now
    std::chrono::steady_clock::time_point deadline; ///< of the reply

    /// Of the transaction.
    [[nodiscard]] std::string_view id() const noexcept;
};

class DeliveryCalls
{
public:
    /// Both must outlive it. \param outcomes has room for each handler that is called
    DeliveryCalls(Clock& clock, HandlerOutcomes& outcomes) noexcept
        : _clock(clock), _outcomes(outcomes)
    {
    }

    DeliveryCalls(const DeliveryCalls&) = delete;
    DeliveryCalls& operator=(const DeliveryCalls&) = delete;

    /// \param staged gets what the handler has staged
    [[nodiscard]] DeliveryAnswer
    stage(const DeliveryJob& job, const DeliveryInput& input, std::vector<StagedMail>& staged);
    [[nodiscard]] DeliveryAnswer deliver(const DeliveryJob& job, const DeliveryInput& input);
    [[nodiscard]] DeliveryAnswer persist(const StagedMail& mail, const DeliveryInput& input);

    /// Without slot and time, as abort() is: what has been staged must come to an end.
    [[nodiscard]] DeliveryAnswer commit(StagedMail& mail, const DeliveryInput& input);

    /// Until the reply is due; 0 if it is late.
    [[nodiscard]] std::chrono::milliseconds timeLeft(const DeliveryInput& input) const noexcept;

    /// The last look at the clock. One behind each call is the one before the next; who calls a handler itself looks too.
    [[nodiscard]] std::chrono::steady_clock::time_point& now() noexcept { return _now; }

    [[nodiscard]] std::chrono::steady_clock::time_point now() const noexcept { return _now; }

private:
    template <class Call>
    [[nodiscard]] DeliveryAnswer
    inSlot(LoadedHandler& handler, const char* hook, const DeliveryInput& input, Call&& call);
    void lap() noexcept;

    Clock& _clock;
    HandlerOutcomes& _outcomes;
    std::chrono::steady_clock::time_point _now;
    std::chrono::nanoseconds _spent{0}; ///< in the last call
};

} // namespace mpsmtp::delivery
