// What this is and its thread safety: Delivery.h.
#include "delivery/Delivery.h"

#include "delivery/HandlerCounts.h"
#include "delivery/HookLog.h"
#include "delivery/ReplyTarget.h"
#include "log/Entry.h"

#include <mpsmtp/Reply.h>

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

std::string_view idOf(const DeliveryInput& input) noexcept
{
    return mpsmtp::detail::fromAbi(input.envelope.id);
}

DeliveryAnswer logged(const HookCall& call, DeliveryAnswer answer)
{
    logAnswer(call, answer.kind, answer.reply, answer.detail);
    return answer;
}

DeliveryAnswer judged(const HookCall& call, const ReplyTarget& target, std::size_t recipients)
{
    return logged(call, deliveryAnswer(target, recipients));
}

using Outcome = HandlerOutcome::Kind;

Outcome outcomeOf(const DeliveryAnswer& answer, Outcome success) noexcept
{
    if (answer.isSuccess())
        return success;
    return answer.kind == AnswerKind::Refusal ? Outcome::Refused : Outcome::Failed;
}

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

StagedMail::~StagedMail()
{
    if (!_staged)
        return;
    const mpsmtp_handler& functions = _handler->functions();
    functions.abort(_handler->self(), _staged);
    functions.release(_handler->self(), _staged);
}

void StagedMail::persist(ReplyTarget& target) const noexcept
{
    _handler->functions().persist(_handler->self(), _staged, &target);
}

void StagedMail::commit(ReplyTarget& target) noexcept
{
    void* staged = std::exchange(_staged, nullptr);
    _handler->functions().commit(_handler->self(), staged, &target);
    _handler->functions().release(_handler->self(), staged);
}

std::optional<smtp::Reply> Delivery::run(const DeliveryInput& input)
{
    clear();
    reserve(input);
    _now = input.begun;
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
            _outcomes.push_back({job.handler, Outcome::Later});
    return refusal;
}

/// Aborts what is still staged, the last first.
void Delivery::abortStaged() noexcept
{
    while (!_staged.empty())
    {
        for (HandlerOutcome& outcome : _outcomes)
            if (outcome.handler == &_staged.back().handler() && outcome.kind == Outcome::Staged)
                outcome.kind = Outcome::Aborted;
        _staged.pop_back();
    }
}

/// What a later step of a handler has come to. A step that went well on the way changes nothing but the time.
void Delivery::note(const LoadedHandler& handler,
                    const DeliveryAnswer& answer,
                    HandlerOutcome::Kind success) noexcept
{
    for (HandlerOutcome& outcome : _outcomes)
    {
        if (outcome.handler != &handler)
            continue;
        outcome.kind = outcomeOf(answer, success);
        outcome.elapsed += _spent;
        outcome.cause = answer.cause;
    }
}

/// The first step of a handler; there is room.
void Delivery::add(const LoadedHandler& handler,
                   const DeliveryAnswer& answer,
                   HandlerOutcome::Kind success) noexcept
{
    _outcomes.push_back({&handler, outcomeOf(answer, success), true, _spent, answer.cause});
}

void Delivery::lap() noexcept
{
    const auto before = std::exchange(_now, _clock.steady());
    _spent = _now - before;
}

/// \param isNeeded there is something to do; else the phase has no time of its own
template <class Step>
std::optional<smtp::Reply> Delivery::timed(metrics::Phase phase, bool isNeeded, Step&& step)
{
    if (!isNeeded)
        return std::nullopt;
    const auto begun = _now;
    auto refusal = step();
    _phases[static_cast<std::size_t>(phase)] = _now - begun;
    return refusal;
}

std::optional<smtp::Reply> Delivery::filter(const DeliveryInput& input)
{
    using Decision = PolicyAnswer::Decision;
    for (LoadedHandler* handler : input.policy.of(PolicyHook::Message))
    {
        const PolicyQuestion question{
            PolicyHook::Message, idOf(input), input.envelope.session, {}, timeLeft(input), _now};
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
        _outcomes.push_back({handler,
                             _isDiscarded                         ? Outcome::Discarded
                             : answer.kind == AnswerKind::Refusal ? Outcome::Refused
                                                                  : Outcome::Failed});
        if (_isDiscarded && answer.reply.code == 0)
            return std::nullopt;
        return std::move(answer.reply);
    }
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::stageAll(const DeliveryInput& input)
{
    for (const DeliveryJob& job : input.plan.staging())
        if (DeliveryAnswer answer = stage(job, input); !answer.isSuccess())
            return std::move(answer.reply);
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::deliverAll(const DeliveryInput& input)
{
    for (const DeliveryJob& job : input.plan.delivering())
        if (DeliveryAnswer answer = deliver(job, input); !answer.isSuccess())
            return std::move(answer.reply);
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::persistAll(const DeliveryInput& input)
{
    for (const StagedMail& mail : _staged)
        if (DeliveryAnswer answer = persist(mail, input); !answer.isSuccess())
            return std::move(answer.reply);
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::commitAll(const DeliveryInput& input)
{
    for (std::size_t i = 0; i < _staged.size(); ++i)
    {
        DeliveryAnswer answer = commit(_staged[i], input);
        if (answer.isSuccess())
            continue;
        if (i > 0)
            log::write(_staged[i].handler().logger(),
                       Poco::Message::PRIO_ERROR,
                       "commit id=" + std::string(idOf(input)) + ": " + std::to_string(i) +
                           " handler(s) had committed before; the mail will "
                           "be there twice when the client sends it again",
                       log::Fields{{log::Field::Transaction, idOf(input)}});
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
    _now = input.begun;
    _outcomes.clear(); // those of run() have been told
    if (!_isDiscarded)
        for (const DeliveryJob& job : input.plan.optional())
            fenced({*job.handler, "deliver", idOf(input)}, [&] { deliverOptional(job, input); });
    for (const LoadedHandler* handler : _chain.onAccepted())
        fenced({*handler, "onAccepted", idOf(input)}, [&] { notify(*handler, input); });
}

void Delivery::deliverOptional(const DeliveryJob& job, const DeliveryInput& input)
{
    if (!job.handler->has(MPSMTP_HOOK_STAGE))
    {
        (void)deliver(job, input); // has logged what went wrong
        return;
    }
    // Alone in _staged: the required handlers are done.
    const bool isDone = stage(job, input).isSuccess() &&
                        persist(_staged.back(), input).isSuccess() &&
                        commit(_staged.back(), input).isSuccess();
    if (!isDone)
        log::write(job.handler->logger(),
                   Poco::Message::PRIO_WARNING,
                   "id=" + std::string(idOf(input)) + " was accepted but is not in this handler",
                   log::Fields{{log::Field::Transaction, idOf(input)}});
    abortStaged();
}

void Delivery::notify(const LoadedHandler& handler, const DeliveryInput& input) const
{
    ReplyTarget target;
    handler.functions().on_accepted(handler.self(), &input.envelope, &target);
    if (target.isFaulted())
        logAnswer({handler, "onAccepted", idOf(input)},
                  AnswerKind::Fault,
                  localError(),
                  target.faultText());
}

std::chrono::milliseconds Delivery::timeLeft(const DeliveryInput& input) const noexcept
{
    const auto left = input.deadline - _now;
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds(0));
}

/// A call that is within the handler's concurrency and the time for the reply. commit() and abort() never are: what has
/// been staged must come to an end.
template <class Call>
DeliveryAnswer
Delivery::inSlot(LoadedHandler& handler, const char* hook, const DeliveryInput& input, Call&& call)
{
    const auto patience = timeLeft(input);
    _spent = std::chrono::nanoseconds(0);
    if (patience.count() == 0)
        return logged({handler, hook, idOf(input)}, lateAnswer());
    const HandlerSlot slot(handler.slots(), std::min(handler.slotTimeout(), patience));
    if (handler.slots().most() != 0)
        lap(); // waiting is not the handler's time
    DeliveryAnswer answer =
        slot.isTaken() ? call() : logged({handler, hook, idOf(input)}, busyAnswer());
    lap();
    return answer;
}

DeliveryAnswer Delivery::stage(const DeliveryJob& job, const DeliveryInput& input)
{
    _staged.reserve(_staged.size() +
                    1); // once there is something staged, nothing may throw before it is owned
    LoadedHandler& handler = *job.handler;
    Presence presence(handler.counts());
    DeliveryAnswer answer =
        inSlot(handler,
               "stage",
               input,
               [&]
               {
                   ReplyTarget target;
                   void* staged = handler.functions().stage(handler.self(),
                                                            &input.envelope,
                                                            job.recipients->data(),
                                                            job.recipients->size(),
                                                            &input.message.abi(),
                                                            &target);
                   if (staged)
                       _staged.emplace_back(handler, job.recipients->size(), staged);
                   else if (!target.isFaulted() && target.answers().empty())
                       target.fault("it staged nothing and gave no reason");
                   return judged({handler, "stage", idOf(input)}, target, job.recipients->size());
               });
    add(handler, answer, Outcome::Staged);
    presence.keep();
    return answer;
}

DeliveryAnswer Delivery::deliver(const DeliveryJob& job, const DeliveryInput& input)
{
    LoadedHandler& handler = *job.handler;
    Presence presence(handler.counts());
    DeliveryAnswer answer =
        inSlot(handler,
               "deliver",
               input,
               [&]
               {
                   ReplyTarget target;
                   handler.functions().deliver(handler.self(),
                                               &input.envelope,
                                               job.recipients->data(),
                                               job.recipients->size(),
                                               &input.message.abi(),
                                               &target);
                   return judged({handler, "deliver", idOf(input)}, target, job.recipients->size());
               });
    add(handler, answer, Outcome::Delivered);
    presence.keep();
    return answer;
}

DeliveryAnswer Delivery::persist(const StagedMail& mail, const DeliveryInput& input)
{
    DeliveryAnswer answer = inSlot(
        mail.handler(),
        "persist",
        input,
        [&]
        {
            ReplyTarget target;
            mail.persist(target);
            return judged({mail.handler(), "persist", idOf(input)}, target, mail.recipients());
        });
    note(mail.handler(), answer, Outcome::Staged);
    return answer;
}

DeliveryAnswer Delivery::commit(StagedMail& mail, const DeliveryInput& input)
{
    ReplyTarget target;
    mail.commit(target);
    DeliveryAnswer answer =
        judged({mail.handler(), "commit", idOf(input)}, target, mail.recipients());
    lap();
    note(mail.handler(), answer, Outcome::Delivered);
    return answer;
}

} // namespace mpsmtp::delivery
