// What this is and its thread safety: HandlerOutcome.h.
#include "delivery/HandlerOutcome.h"

namespace mpsmtp::delivery
{

namespace
{

using Kind = HandlerOutcome::Kind;

Kind kindOf(const DeliveryAnswer& answer, Kind success) noexcept
{
    if (answer.isSuccess())
        return success;
    return answer.kind == AnswerKind::Refusal ? Kind::Refused : Kind::Failed;
}

} // namespace

const char* HandlerOutcome::word() const noexcept
{
    switch (kind)
    {
    case Kind::Staged:
        return "staged";
    case Kind::Delivered:
        return "ok";
    case Kind::Refused:
        return "refused";
    case Kind::Failed:
        return "failed";
    case Kind::Aborted:
        return "aborted";
    case Kind::Discarded:
        return "discarded";
    case Kind::Later:
        return "later";
    }
    return "?";
}

void HandlerOutcomes::add(const LoadedHandler& handler,
                          const DeliveryAnswer& answer,
                          Kind success,
                          std::chrono::nanoseconds spent) noexcept
{
    _all.push_back({&handler, kindOf(answer, success), true, spent, answer.cause});
}

void HandlerOutcomes::note(const LoadedHandler& handler,
                           const DeliveryAnswer& answer,
                           Kind success,
                           std::chrono::nanoseconds spent) noexcept
{
    for (HandlerOutcome& outcome : _all)
    {
        if (outcome.handler != &handler)
            continue;
        outcome.kind = kindOf(answer, success);
        outcome.elapsed += spent;
        outcome.cause = answer.cause;
    }
}

void HandlerOutcomes::noteAbort(const LoadedHandler& handler) noexcept
{
    for (HandlerOutcome& outcome : _all)
        if (outcome.handler == &handler && outcome.kind == Kind::Staged)
            outcome.kind = Kind::Aborted;
}

} // namespace mpsmtp::delivery
