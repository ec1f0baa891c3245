// What this is and its thread safety: HandlerCounts.h.
#include "delivery/HandlerCounts.h"

namespace mpsmtp::delivery
{

namespace
{

using metrics::Fault;
using metrics::Handler;
using metrics::Outcome;

static_assert(static_cast<std::size_t>(PolicyHook::Message) == metrics::messageHook);

Outcome outcomeOf(const PolicyAnswer& answer) noexcept
{
    if (answer.kind == AnswerKind::Fault || answer.kind == AnswerKind::Bug)
        return Outcome::Failed;
    if (answer.decision == PolicyAnswer::Decision::Discard)
        return Outcome::Discarded;
    return answer.kind == AnswerKind::Refusal ? Outcome::Refused : Outcome::Ok;
}

} // namespace

void countAnswer(Handler& counts,
                 PolicyHook hook,
                 const PolicyAnswer& answer,
                 std::chrono::nanoseconds elapsed) noexcept
{
    const metrics::Turn turn(counts.slots);
    const Outcome outcome = outcomeOf(answer);
    counts.calls.add(turn, Handler::call(static_cast<std::size_t>(hook), outcome));
    counts.seconds.observe(turn, elapsed);
    if (outcome == Outcome::Failed)
        counts.faults.add(turn, answer.kind == AnswerKind::Bug ? Fault::Bug : answer.cause);
}

} // namespace mpsmtp::delivery
