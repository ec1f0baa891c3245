// What this is and its thread safety: Delivery.h.
#include "delivery/Delivery.h"

#include "delivery/HookLog.h"
#include "delivery/ReplyTarget.h"
#include "log/Entry.h"

#include <mpsmtp/Reply.h>

#include <exception>
#include <string>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

using Outcome = HandlerOutcome::Kind;

/// The reply to a failed commit. Never permanent: part of the mail may be visible, and only the client can complete it.
smtp::Reply afterFailedCommit(DeliveryAnswer&& answer)
{
    return answer.reply.code < 500 ? std::move(answer.reply) : localError();
}

/// For what happens after the reply: nothing may keep the next handler from its work, not even a log that fails.
template <class Work>
void fenced(const HookCall& call, Work&& work) noexcept
{
    try
    {
        work();
    }
    catch (const std::exception& error)
    {
        try
        {
            logAnswer(call, AnswerKind::Fault, localError(), error.what());
        }
        catch (...) // NOLINT(bugprone-empty-catch): there is no other place to tell it
        {
        }
    }
}

} // namespace

std::optional<smtp::Reply> Delivery::run(const DeliveryInput& input)
{
    clear();
    reserve(input);
    _calls.now() = input.begun;
    try
    {
        auto reply = timed(metrics::Phase::Filter,
                           !input.policy.of(PolicyHook::Message).empty(),
                           [&] { return filter(input); });
        if (!reply && !_isDiscarded)
            reply = deliverRequired(input);
        _isAccepted = !reply || reply->isPositive();
        return reply;
    }
    catch (...)
    {
        abortStaged(); // now, and not when the connection happens to send its next mail
        throw;
    }
}

/// After a commit nothing may fail for want of memory: the mail is stored, and a 451 would double it.
void Delivery::reserve(const DeliveryInput& input)
{
    _staged.reserve(input.plan.staging().size());
    _outcomes.reserve(1 + input.plan.staging().size() + input.plan.delivering().size() +
                      2 * input.plan.optional().size());
}

void Delivery::clear() noexcept
{
    abortStaged();
    _isAccepted = false;
    _isDiscarded = false;
    _outcomes.clear();
    _phases.fill(std::chrono::nanoseconds(-1));
}

std::optional<smtp::Reply> Delivery::deliverRequired(const DeliveryInput& input)
{
    using metrics::Phase;
    const bool hasStores = !input.plan.staging().empty();
    auto refusal = timed(Phase::Stage, hasStores, [&] { return stageAll(input); });
    if (!refusal)
        refusal = timed(
            Phase::Deliver, !input.plan.delivering().empty(), [&] { return deliverAll(input); });
    if (!refusal)
        refusal = timed(Phase::Durable, hasStores, [&] { return persistAll(input); });
    if (!refusal)
        refusal = timed(Phase::Commit, hasStores, [&] { return commitAll(input); });
    abortStaged();
    if (!refusal)
        for (const DeliveryJob& job : input.plan.optional())
            _outcomes.add(*job.handler, Outcome::Later);
    return refusal;
}

/// Aborts what is still staged, the last first.
void Delivery::abortStaged() noexcept
{
    while (!_staged.empty())
    {
        _outcomes.noteAbort(_staged.back().handler());
        _staged.pop_back();
    }
}

/// \param isNeeded there is something to do; else the phase has no time of its own
template <class Step>
std::optional<smtp::Reply> Delivery::timed(metrics::Phase phase, bool isNeeded, Step&& step)
{
    if (!isNeeded)
        return std::nullopt;
    const auto begun = _calls.now();
    auto refusal = step();
    _phases[static_cast<std::size_t>(phase)] = _calls.now() - begun;
    return refusal;
}

std::optional<smtp::Reply> Delivery::filter(const DeliveryInput& input)
{
    using Decision = PolicyAnswer::Decision;
    for (LoadedHandler* handler : input.policy.of(PolicyHook::Message))
    {
        const PolicyQuestion question{PolicyHook::Message,
                                      input.id(),
                                      input.envelope.session,
                                      {},
                                      _calls.timeLeft(input),
                                      _calls.now()};
        ReplyTarget target;
        input.message.allowEdits();
        PolicyAnswer answer =
            ask(*handler,
                question,
                target,
                [&](const LoadedHandler& filter, ReplyTarget& to)
                {
                    return filter.functions().on_message(
                        filter.self(), &input.envelope, &input.message.abi(), &to);
                });
        if (answer.kind == AnswerKind::Fault || answer.kind == AnswerKind::Bug)
            input.message.dropEdits();
        else
            input.message.applyEdits();
        if (answer.decision == Decision::Continue)
            continue;
        _isDiscarded = answer.decision == Decision::Discard;
        _outcomes.add(*handler,
                      _isDiscarded                         ? Outcome::Discarded
                      : answer.kind == AnswerKind::Refusal ? Outcome::Refused
                                                           : Outcome::Failed);
        if (_isDiscarded && answer.reply.code == 0)
            return std::nullopt;
        return std::move(answer.reply);
    }
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::stageAll(const DeliveryInput& input)
{
    for (const DeliveryJob& job : input.plan.staging())
        if (DeliveryAnswer answer = _calls.stage(job, input, _staged); !answer.isSuccess())
            return std::move(answer.reply);
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::deliverAll(const DeliveryInput& input)
{
    for (const DeliveryJob& job : input.plan.delivering())
        if (DeliveryAnswer answer = _calls.deliver(job, input); !answer.isSuccess())
            return std::move(answer.reply);
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::persistAll(const DeliveryInput& input)
{
    for (const StagedMail& mail : _staged)
        if (DeliveryAnswer answer = _calls.persist(mail, input); !answer.isSuccess())
            return std::move(answer.reply);
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::commitAll(const DeliveryInput& input)
{
    for (std::size_t i = 0; i < _staged.size(); ++i)
    {
        DeliveryAnswer answer = _calls.commit(_staged[i], input);
        if (answer.isSuccess())
            continue;
        if (i > 0)
            log::write(_staged[i].handler().logger(),
                       Poco::Message::PRIO_ERROR,
                       "commit id=" + std::string(input.id()) + ": " + std::to_string(i) +
                           " handler(s) had committed before; the mail will "
                           "be there twice when the client sends it again",
                       log::Fields{{log::Field::Transaction, input.id()}});
        return afterFailedCommit(std::move(answer));
    }
    _staged.clear(); // all committed
    return std::nullopt;
}

bool Delivery::hasWorkAfterReply(const DeliveryPlan& plan) const noexcept
{
    const bool hasOptional = !_isDiscarded && !plan.optional().empty();
    return _isAccepted && (hasOptional || !_chain.onAccepted().empty());
}

void Delivery::afterReply(const DeliveryInput& input)
{
    if (!std::exchange(_isAccepted, false))
        return;
    _calls.now() = input.begun;
    _outcomes.clear(); // those of run() have been told
    if (!_isDiscarded)
        for (const DeliveryJob& job : input.plan.optional())
            fenced({*job.handler, "deliver", input.id()}, [&] { deliverOptional(job, input); });
    for (const LoadedHandler* handler : _chain.onAccepted())
        fenced({*handler, "onAccepted", input.id()}, [&] { notify(*handler, input); });
}

void Delivery::deliverOptional(const DeliveryJob& job, const DeliveryInput& input)
{
    if (!job.handler->has(MPSMTP_HOOK_STAGE))
    {
        (void)_calls.deliver(job, input); // has logged what went wrong
        return;
    }
    // Alone in _staged: the required handlers are done.
    const bool isDone = _calls.stage(job, input, _staged).isSuccess() &&
                        _calls.persist(_staged.back(), input).isSuccess() &&
                        _calls.commit(_staged.back(), input).isSuccess();
    if (!isDone)
        log::write(job.handler->logger(),
                   Poco::Message::PRIO_WARNING,
                   "id=" + std::string(input.id()) + " was accepted but is not in this handler",
                   log::Fields{{log::Field::Transaction, input.id()}});
    abortStaged();
}

void Delivery::notify(const LoadedHandler& handler, const DeliveryInput& input) const
{
    ReplyTarget target;
    handler.functions().on_accepted(handler.self(), &input.envelope, &target);
    if (target.isFaulted())
        logAnswer({handler, "onAccepted", input.id()},
                  AnswerKind::Fault,
                  localError(),
                  target.faultText());
}

} // namespace mpsmtp::delivery
