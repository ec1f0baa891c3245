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
// Thread safety: [connection].
#pragma once

#include "delivery/Clock.h"
#include "delivery/DeliveryPlan.h"
#include "delivery/HandlerChain.h"
#include "delivery/HookAnswer.h"
#include "delivery/MessageView.h"
#include "metrics/Metrics.h"
#include "smtp/Reply.h"

#include <mpsmtp/abi.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
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
};

/// What became of a handler in this delivery, for the transaction's log line.
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

/// What one two-phase handler has staged. Aborted at the end of its life, unless it was committed.
class StagedMail
{
public:
    /// \param recipients how many
    StagedMail(LoadedHandler& handler, std::size_t recipients, void* staged) noexcept
        : _handler(&handler), _recipients(recipients), _staged(staged)
    {
    }

    StagedMail(StagedMail&& other) noexcept
        : _handler(other._handler),
          _recipients(other._recipients),
          _staged(std::exchange(other._staged, nullptr))
    {
    }

    StagedMail(const StagedMail&) = delete;
    StagedMail& operator=(const StagedMail&) = delete;
    StagedMail& operator=(StagedMail&&) = delete;

    ~StagedMail();

    [[nodiscard]] LoadedHandler& handler() const noexcept { return *_handler; }

    [[nodiscard]] std::size_t recipients() const noexcept { return _recipients; }

    void persist(ReplyTarget& target) const noexcept;

    /// Shows the mail. Whatever it answers, abort() is out of the question from now on.
    void commit(ReplyTarget& target) noexcept;

private:
    LoadedHandler* _handler;
    std::size_t _recipients;
    void* _staged;
};

class Delivery
{
public:
    /// Both must outlive the object.
    Delivery(const HandlerChain& chain, Clock& clock) noexcept : _chain(chain), _clock(clock)
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
    [[nodiscard]] const std::vector<HandlerOutcome>& outcomes() const noexcept { return _outcomes; }

    /// Of the last run(): how long each phase took, below 0 where there was none.
    using Phases = std::array<std::chrono::nanoseconds, metrics::phaseNames.size()>;

    [[nodiscard]] const Phases& phases() const noexcept { return _phases; }

    /// The look at the clock with which the last run() or afterReply() ended.
    [[nodiscard]] std::chrono::steady_clock::time_point now() const noexcept { return _now; }

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
    void note(const LoadedHandler& handler,
              const DeliveryAnswer& answer,
              HandlerOutcome::Kind success) noexcept;
    void add(const LoadedHandler& handler,
             const DeliveryAnswer& answer,
             HandlerOutcome::Kind success) noexcept;
    void lap() noexcept;

    template <class Step>
    [[nodiscard]] Refusal timed(metrics::Phase phase, bool isNeeded, Step&& step);

    [[nodiscard]] DeliveryAnswer stage(const DeliveryJob& job, const DeliveryInput& input);
    [[nodiscard]] DeliveryAnswer deliver(const DeliveryJob& job, const DeliveryInput& input);
    [[nodiscard]] DeliveryAnswer persist(const StagedMail& mail, const DeliveryInput& input);
    [[nodiscard]] DeliveryAnswer commit(StagedMail& mail, const DeliveryInput& input);

    [[nodiscard]] std::chrono::milliseconds timeLeft(const DeliveryInput& input) const noexcept;

    template <class Call>
    [[nodiscard]] DeliveryAnswer
    inSlot(LoadedHandler& handler, const char* hook, const DeliveryInput& input, Call&& call);

    const HandlerChain& _chain;
    Clock& _clock;
    std::vector<StagedMail> _staged;
    std::vector<HandlerOutcome> _outcomes;
    bool _isDiscarded = false;
    bool _isAccepted = false;
    Phases _phases{};
    // One look at the clock behind each call is the one before the next.
    std::chrono::steady_clock::time_point _now;
    std::chrono::nanoseconds _spent{0}; ///< in the last call
};

} // namespace mpsmtp::delivery
