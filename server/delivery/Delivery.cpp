// What this is and its thread safety: Delivery.h.
#include "delivery/Delivery.h"

#include "delivery/HookLog.h"
#include "delivery/ReplyTarget.h"

#include <mpsmtp/Reply.h>

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

DeliveryAnswer judged(const HookCall& call, const ReplyTarget& target, std::size_t recipients)
{
    DeliveryAnswer answer = deliveryAnswer(target, recipients);
    logAnswer(call, answer.kind, answer.reply, answer.detail);
    return answer;
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
    reserve();
    try
    {
        auto reply = filter(input);
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
void Delivery::reserve()
{
    _staged.reserve(_chain.staging().size());
    _outcomes.reserve(_chain.filters().size() + _chain.staging().size() +
                      _chain.delivering().size() + 2 * _chain.optional().size());
}

void Delivery::clear() noexcept
{
    abortStaged();
    _isAccepted = false;
    _isDiscarded = false;
    _outcomes.clear();
}

std::optional<smtp::Reply> Delivery::deliverRequired(const DeliveryInput& input)
{
    auto refusal = stageAll(input);
    if (!refusal)
        refusal = deliverAll(input);
    if (!refusal)
        refusal = persistAll(input);
    if (!refusal)
        refusal = commitAll(input);
    abortStaged();
    if (!refusal)
        for (LoadedHandler* handler : _chain.optional())
            _outcomes.push_back({handler, Outcome::Later});
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

void Delivery::note(const LoadedHandler& handler, HandlerOutcome::Kind kind) noexcept
{
    for (HandlerOutcome& outcome : _outcomes)
        if (outcome.handler == &handler)
            outcome.kind = kind;
}

std::optional<smtp::Reply> Delivery::filter(const DeliveryInput& input)
{
    for (LoadedHandler* handler : _chain.filters())
    {
        ReplyTarget target;
        input.message.allowEdits();
        const std::int32_t verdict = handler->functions().on_message(
            handler->self(), &input.envelope, &input.message.abi(), &target);
        FilterAnswer answer = filterAnswer(verdict, target);
        logAnswer({*handler, "onMessage", idOf(input)}, answer.kind, answer.reply, answer.detail);
        input.message.applyEdits();
        if (answer.decision == FilterAnswer::Decision::Continue)
            continue;
        _isDiscarded = answer.decision == FilterAnswer::Decision::Discard;
        _outcomes.push_back({handler,
                             _isDiscarded                         ? Outcome::Discarded
                             : answer.kind == AnswerKind::Refusal ? Outcome::Refused
                                                                  : Outcome::Failed});
        return answer.reply.code == 0 ? Refusal() : std::move(answer.reply);
    }
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::stageAll(const DeliveryInput& input)
{
    for (LoadedHandler* handler : _chain.staging())
        if (DeliveryAnswer answer = stage(*handler, input); !answer.isSuccess())
            return std::move(answer.reply);
    return std::nullopt;
}

std::optional<smtp::Reply> Delivery::deliverAll(const DeliveryInput& input)
{
    for (LoadedHandler* handler : _chain.delivering())
        if (DeliveryAnswer answer = deliver(*handler, input); !answer.isSuccess())
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
            _staged[i].handler().logger().error("commit id=" + std::string(idOf(input)) + ": " +
                                                std::to_string(i) +
                                                " handler(s) had committed before; the mail will "
                                                "be there twice when the client sends it again");
        return afterFailedCommit(std::move(answer));
    }
    _staged.clear(); // all committed
    return std::nullopt;
}

bool Delivery::hasWorkAfterReply() const noexcept
{
    const bool hasOptional = !_isDiscarded && !_chain.optional().empty();
    return _isAccepted && (hasOptional || !_chain.notified().empty());
}

void Delivery::afterReply(const DeliveryInput& input)
{
    if (!std::exchange(_isAccepted, false))
        return;
    if (!_isDiscarded)
        for (LoadedHandler* handler : _chain.optional())
            fenced({*handler, "deliver", idOf(input)}, [&] { deliverOptional(*handler, input); });
    for (const LoadedHandler* handler : _chain.notified())
        fenced({*handler, "onAccepted", idOf(input)}, [&] { notify(*handler, input); });
}

void Delivery::deliverOptional(LoadedHandler& handler, const DeliveryInput& input)
{
    if (!handler.has(MPSMTP_HOOK_STAGE))
    {
        (void)deliver(handler, input); // has logged what went wrong
        return;
    }
    // Alone in _staged: the required handlers are done.
    const bool isDone = stage(handler, input).isSuccess() &&
                        persist(_staged.back(), input).isSuccess() &&
                        commit(_staged.back(), input).isSuccess();
    if (!isDone)
        handler.logger().warning("id=" + std::string(idOf(input)) +
                                 " was accepted but is not in this handler");
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

DeliveryAnswer Delivery::stage(LoadedHandler& handler, const DeliveryInput& input)
{
    ReplyTarget target;
    _staged.reserve(_staged.size() +
                    1); // once there is something staged, nothing may throw before it is owned
    void* staged = handler.functions().stage(handler.self(),
                                             &input.envelope,
                                             input.recipients.data(),
                                             input.recipients.size(),
                                             &input.message.abi(),
                                             &target);
    if (staged)
        _staged.emplace_back(handler, staged);
    else if (!target.isFaulted() && target.answers().empty())
        target.fault("it staged nothing and gave no reason");
    DeliveryAnswer answer =
        judged({handler, "stage", idOf(input)}, target, input.recipients.size());
    _outcomes.push_back({&handler, outcomeOf(answer, Outcome::Staged)});
    return answer;
}

DeliveryAnswer Delivery::deliver(LoadedHandler& handler, const DeliveryInput& input)
{
    ReplyTarget target;
    handler.functions().deliver(handler.self(),
                                &input.envelope,
                                input.recipients.data(),
                                input.recipients.size(),
                                &input.message.abi(),
                                &target);
    DeliveryAnswer answer =
        judged({handler, "deliver", idOf(input)}, target, input.recipients.size());
    _outcomes.push_back({&handler, outcomeOf(answer, Outcome::Delivered)});
    return answer;
}

DeliveryAnswer Delivery::persist(const StagedMail& mail, const DeliveryInput& input)
{
    ReplyTarget target;
    mail.persist(target);
    DeliveryAnswer answer =
        judged({mail.handler(), "persist", idOf(input)}, target, input.recipients.size());
    if (!answer.isSuccess())
        note(mail.handler(), outcomeOf(answer, Outcome::Staged));
    return answer;
}

DeliveryAnswer Delivery::commit(StagedMail& mail, const DeliveryInput& input)
{
    ReplyTarget target;
    mail.commit(target);
    DeliveryAnswer answer =
        judged({mail.handler(), "commit", idOf(input)}, target, input.recipients.size());
    note(mail.handler(), outcomeOf(answer, Outcome::Delivered));
    return answer;
}

} // namespace mpsmtp::delivery
