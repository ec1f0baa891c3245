// What this is and its thread safety: TransactionCounts.h.
#include "delivery/TransactionCounts.h"

#include <utility>

namespace mpsmtp::delivery
{

namespace
{

using metrics::Handler;
using metrics::Metrics;
using metrics::Outcome;
using metrics::Phase;
using metrics::Turn;

static_assert(static_cast<std::size_t>(smtp::Verb::Unknown) + 1 == metrics::verbNames.size());
static_assert(static_cast<std::size_t>(metrics::Recipient::Accepted) == 0);

constexpr std::chrono::nanoseconds none(-1);

template <std::size_t Count>
void move(const Turn& turn,
          std::array<std::uint32_t, Count>& counts,
          metrics::Cells<Count>& cells) noexcept
{
    for (std::size_t i = 0; i < Count; ++i)
        if (counts[i] != 0)
            cells.add(turn, i, std::exchange(counts[i], 0));
}

Outcome outcomeOf(HandlerOutcome::Kind kind) noexcept
{
    using Kind = HandlerOutcome::Kind;
    switch (kind)
    {
    case Kind::Refused:
        return Outcome::Refused;
    case Kind::Failed:
        return Outcome::Failed;
    case Kind::Aborted:
    case Kind::Staged:
        return Outcome::Aborted;
    default:
        return Outcome::Ok;
    }
}

/// What a handler made of the message; it leaves now.
void countOutcome(const metrics::Turn& turn, const HandlerOutcome& outcome) noexcept
{
    if (!outcome.isPresent)
        return;
    Handler& counts = outcome.handler->counts();
    counts.presence.add(turn, Handler::Event::Left);
    counts.calls.add(turn, Handler::call(metrics::deliverHook, outcomeOf(outcome.kind)));
    counts.seconds.observe(turn, outcome.elapsed);
    if (outcome.kind == HandlerOutcome::Kind::Failed)
        counts.faults.add(turn, outcome.cause);
}

} // namespace

void TransactionCounts::command(smtp::Verb verb) noexcept
{
    ++_commands[static_cast<std::size_t>(verb)];
    if (++_pending >= mostPending)
        flush();
}

void TransactionCounts::flush() noexcept
{
    const Turn turn(_metrics.slots);
    write(turn);
}

void TransactionCounts::write(const Turn& turn) noexcept
{
    move(turn, _commands, _metrics.commands);
    move(turn, _recipients, _metrics.recipients);
    _pending = 0;
}

void TransactionCounts::begun() noexcept
{
    _received = none;
    const Turn turn(_metrics.slots);
    _metrics.open.add(turn, Metrics::Transaction::Begun);
}

void TransactionCounts::refused(const smtp::Reply* reply) noexcept
{
    const Turn turn(_metrics.slots);
    write(turn);
    writeReply(turn, reply);
}

void TransactionCounts::ended(const smtp::Reply* reply,
                              std::chrono::nanoseconds elapsed,
                              const SpooledMessage& message,
                              const Delivery& delivery) noexcept
{
    const Turn turn(_metrics.slots);
    write(turn);
    writeReply(turn, reply);
    _metrics.open.add(turn, Metrics::Transaction::Ended);
    _metrics.transactionTime.observe(turn, elapsed);
    writeMessage(turn, message);
    if (reply && reply->isPositive())
        _metrics.messageSizes.observe(turn, message.size());
    if (_received == none)
        return;
    writePhase(turn, Phase::Receive, _received);
    for (const Phase phase :
         {Phase::Filter, Phase::Stage, Phase::Deliver, Phase::Durable, Phase::Commit})
        writePhase(turn, phase, delivery.phases()[static_cast<std::size_t>(phase)]);
    for (const HandlerOutcome& outcome : delivery.outcomes())
        countOutcome(turn, outcome);
}

void TransactionCounts::optional(std::chrono::nanoseconds elapsed,
                                 const Delivery& delivery) noexcept
{
    if (delivery.outcomes().empty())
        return; // none but notifications
    const Turn turn(_metrics.slots);
    writePhase(turn, Phase::Optional, elapsed);
    for (const HandlerOutcome& outcome : delivery.outcomes())
        countOutcome(turn, outcome);
}

void TransactionCounts::writeReply(const Turn& turn, const smtp::Reply* reply) noexcept
{
    _metrics.transactions.add(turn, metrics::replyIndex(reply ? reply->code : 0));
}

void TransactionCounts::writeMessage(const Turn& turn, const SpooledMessage& message) noexcept
{
    using Spool = Metrics::Spool;
    if (message.error() != 0)
        _metrics.spool.add(turn, Spool::Errors);
    if (!message.isInFile())
        return;
    _metrics.spool.add(turn, Spool::Files);
    _metrics.spool.add(turn, Spool::Octets, message.size());
}

void TransactionCounts::writePhase(const Turn& turn,
                                   Phase phase,
                                   std::chrono::nanoseconds elapsed) noexcept
{
    if (elapsed != none)
        _metrics.phases[static_cast<std::size_t>(phase)].observe(turn, elapsed);
}

} // namespace mpsmtp::delivery
