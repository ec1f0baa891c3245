// What this is and its thread safety: HookAnswer.h.
#include "delivery/HookAnswer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

using smtp::FixedReply;
using smtp::Reply;

constexpr FixedReply localErrorReply{451, "4.3.0", "Local error in processing, try again later"};
constexpr FixedReply notDelivered{451, "4.3.0", "Cannot deliver now, try again later"};
constexpr FixedReply disconnecting{421, "4.7.0", "Closing the connection"};
constexpr FixedReply tooBusy{451, "4.3.2", "Too busy, try again later"};
constexpr FixedReply rejectedByError{554, "5.3.0", "Local error in processing"};

/// What each hook's Reject and Defer say if the handler says nothing itself.
struct HookRule
{
    const char* name;
    FixedReply rejection;
    FixedReply deferral;
};

constexpr std::array<HookRule, 7> hookRules{{
    {"onConnect", {554, "5.7.1", "Access denied"}, {421, "4.7.0", "Try again later"}},
    {"onHelo", {550, "5.7.1", "Name refused"}, {451, "4.7.1", "Deferred, try again later"}},
    {"onAuth",
     {535, "5.7.8", "Authentication credentials invalid"},
     {454, "4.7.0", "Temporary authentication failure"}},
    {"onMail", {550, "5.7.1", "Sender refused"}, {451, "4.7.1", "Deferred, try again later"}},
    {"onRcpt", {550, "5.7.1", "Recipient refused"}, {451, "4.7.1", "Deferred, try again later"}},
    {"onData", {554, "5.7.1", "Message refused"}, {451, "4.7.1", "Deferred, try again later"}},
    {"onMessage",
     {554, "5.7.1", "Message refused"},
     {451, "4.7.1", "Message deferred, try again later"}},
}};

const HookRule& ruleOf(PolicyHook hook) noexcept
{
    return hookRules[static_cast<std::size_t>(hook)];
}

unsigned classOf(unsigned code) noexcept
{
    return code / 100;
}

bool isOneToThreeDigits(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 3 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// status-code = class "." subject "." detail       (RFC 3463 2)
bool isEnhancedCodeOf(unsigned code, std::string_view text) noexcept
{
    const auto first = text.find('.');
    const auto second = text.find('.', first + 1);
    if (first != 1 || second == std::string_view::npos)
        return false;
    return text[0] == static_cast<char>('0' + classOf(code)) &&
           isOneToThreeDigits(text.substr(2, second - 2)) &&
           isOneToThreeDigits(text.substr(second + 1));
}

std::string_view defaultEnhancedCode(unsigned code) noexcept
{
    switch (code)
    {
    case 451:
        return "4.3.0";
    case 452:
        return "4.3.1";
    default:
        return classOf(code) == 2 ? "2.0.0" : classOf(code) == 4 ? "4.0.0" : "5.0.0";
    }
}

/// Which classes of replies a situation allows.
struct Allowed
{
    unsigned lowest;
    unsigned highest;
    const char* situation;
};

constexpr Allowed positive{200, 299, "an accepted message"};
constexpr Allowed temporary{400, 499, "a temporary failure"};
constexpr Allowed permanent{500, 599, "a permanent failure"};
constexpr Allowed negative{400, 599, "a failed delivery"};
constexpr Allowed closing{421, 421, "a disconnection"};

/// What is wrong with a plugin's reply, or "". A code of 0 has been replaced before.
std::string replyMistake(const Reply& reply, const Allowed& allowed)
{
    const std::string code = std::to_string(reply.code);
    if (reply.code < allowed.lowest || reply.code > allowed.highest)
        return "reply " + code + " does not fit " + allowed.situation;
    if (!reply.enhanced.empty() && !isEnhancedCodeOf(reply.code, reply.enhanced))
        return "enhanced code \"" + reply.enhanced + "\" does not fit reply " + code;
    return {};
}

/// A plugin's reply with all that it left out. The text stays as it is: ReplyWriter makes it printable and cuts it to
/// lines.
Reply completed(Reply reply, const FixedReply& standard)
{
    if (reply.code == 0)
        return reply.text.empty()
                   ? Reply(standard)
                   : Reply(standard.code, std::string(standard.enhanced), reply.text);
    if (reply.enhanced.empty())
        reply.enhanced = defaultEnhancedCode(reply.code);
    if (reply.text.empty())
        reply.text = reply.code < 300 ? "Ok" : "Failed";
    return reply;
}

DeliveryAnswer bug(std::string detail)
{
    return {AnswerKind::Bug, localError(), std::move(detail), metrics::Fault::Bug};
}

/// One recipient's failure, checked.
DeliveryAnswer
checkedFailure(const ReplyTarget::Answer& answer, std::size_t recipients, const Allowed& allowed)
{
    if (answer.index != MPSMTP_ALL_RECIPIENTS && answer.index >= recipients)
        return bug("it failed recipient " + std::to_string(answer.index) + " of " +
                   std::to_string(recipients));
    Reply reply = completed(answer.reply, notDelivered);
    if (auto mistake = replyMistake(reply, allowed); !mistake.empty())
        return bug(std::move(mistake));
    return {AnswerKind::Refusal, std::move(reply), {}};
}

bool isTemporary(const Reply& reply) noexcept
{
    return classOf(reply.code) == 4;
}

/// True if `next` is to be answered instead of `current`.
bool outweighs(const DeliveryAnswer& next, const DeliveryAnswer& current) noexcept
{
    if (current.isSuccess() || next.kind == AnswerKind::Bug)
        return current.kind != AnswerKind::Bug;
    return current.kind != AnswerKind::Bug && isTemporary(next.reply) &&
           !isTemporary(current.reply);
}

/// A fault with a reply behind it: "disk full" is told as such (452 4.3.1), but a fault is never permanent.
DeliveryAnswer faultAnswer(const ReplyTarget& target, std::size_t recipients)
{
    DeliveryAnswer answer{AnswerKind::Fault, localError(), target.faultText()};
    if (target.answers().empty())
        return answer;
    DeliveryAnswer chosen = checkedFailure(target.answers().back(), recipients, temporary);
    if (chosen.kind == AnswerKind::Refusal)
        answer.reply = std::move(chosen.reply);
    return answer;
}

struct VerdictRule
{
    PolicyAnswer::Decision decision;
    const FixedReply* standard; ///< nullptr: the usual 250
    const Allowed* allowed;
};

/// The verdicts that come with a reply.
std::optional<VerdictRule> ruleOf(PolicyHook hook, std::int32_t verdict) noexcept
{
    using Decision = PolicyAnswer::Decision;
    switch (verdict)
    {
    case MPSMTP_DISCARD:
        if (hook != PolicyHook::Message)
            return std::nullopt;
        return VerdictRule{Decision::Discard, nullptr, &positive};
    case MPSMTP_REJECT:
        return VerdictRule{Decision::End, &ruleOf(hook).rejection, &permanent};
    case MPSMTP_DEFER:
        return VerdictRule{Decision::End, &ruleOf(hook).deferral, &temporary};
    case MPSMTP_DISCONNECT:
        return VerdictRule{Decision::End, &disconnecting, &closing};
    default:
        return std::nullopt;
    }
}

/// A server greets with 220, 554 or 421 and nothing else (RFC 5321 3.1, 4.2.2).
Reply asGreeting(PolicyHook hook, Reply reply)
{
    if (hook == PolicyHook::Connect)
        reply.code = classOf(reply.code) == 5 ? 554 : 421;
    return reply;
}

PolicyAnswer ended(PolicyHook hook, AnswerKind kind, Reply reply, std::string detail)
{
    return {
        PolicyAnswer::Decision::End, kind, asGreeting(hook, std::move(reply)), std::move(detail)};
}

PolicyAnswer judged(PolicyHook hook, const VerdictRule& rule, const ReplyTarget& target)
{
    PolicyAnswer answer{rule.decision, AnswerKind::Refusal, {}, {}};
    if (!target.answers().empty())
        answer.reply = target.answers().back().reply;
    if (!rule.standard && answer.reply.code == 0)
        return answer;
    answer.reply =
        completed(std::move(answer.reply), rule.standard ? *rule.standard : FixedReply{});
    if (auto mistake = replyMistake(answer.reply, *rule.allowed); !mistake.empty())
        return ended(hook, AnswerKind::Bug, localError(), std::move(mistake));
    if (rule.decision == PolicyAnswer::Decision::End)
        answer.reply = asGreeting(hook, std::move(answer.reply));
    return answer;
}

bool isAcceptable(PolicyHook hook) noexcept
{
    return hook == PolicyHook::Rcpt || hook == PolicyHook::Auth;
}

} // namespace

smtp::Reply localError()
{
    return localErrorReply;
}

DeliveryAnswer deliveryAnswer(const ReplyTarget& target, std::size_t recipients)
{
    if (target.isFaulted())
        return faultAnswer(target, recipients);
    DeliveryAnswer worst;
    for (const ReplyTarget::Answer& answer : target.answers())
        if (DeliveryAnswer next = checkedFailure(answer, recipients, negative);
            outweighs(next, worst))
            worst = std::move(next);
    return worst;
}

const char* nameOf(PolicyHook hook) noexcept
{
    return ruleOf(hook).name;
}

PolicyAnswer policyAnswer(PolicyHook hook, std::int32_t verdict, const ReplyTarget& target)
{
    using Decision = PolicyAnswer::Decision;
    if (target.isFaulted())
    {
        DeliveryAnswer fault = faultAnswer(target, 0);
        return ended(hook, AnswerKind::Fault, std::move(fault.reply), std::move(fault.detail));
    }
    if (verdict == MPSMTP_CONTINUE)
        return {};
    if (verdict == MPSMTP_ACCEPT && isAcceptable(hook))
        return {Decision::Accept, AnswerKind::Success, {}, {}};
    if (verdict == MPSMTP_DROP)
        return {Decision::End, AnswerKind::Refusal, {}, {}};
    if (const auto rule = ruleOf(hook, verdict))
        return judged(hook, *rule, target);
    return ended(hook,
                 AnswerKind::Bug,
                 localError(),
                 "verdict " + std::to_string(verdict) + " does not fit " + nameOf(hook));
}

PolicyAnswer busyAnswer(PolicyHook hook)
{
    DeliveryAnswer busy = busyAnswer();
    PolicyAnswer answer = ended(hook, busy.kind, std::move(busy.reply), std::move(busy.detail));
    answer.cause = busy.cause;
    return answer;
}

DeliveryAnswer busyAnswer()
{
    return {AnswerKind::Fault,
            tooBusy,
            "no free slot in time; raise concurrency or make it faster",
            metrics::Fault::Busy};
}

DeliveryAnswer lateAnswer()
{
    return {AnswerKind::Fault,
            notDelivered,
            "no time left to reply; see [limits] reply_timeout",
            metrics::Fault::Late};
}

PolicyAnswer afterError(PolicyHook hook, OnError onError, PolicyAnswer answer)
{
    if (answer.kind != AnswerKind::Fault && answer.kind != AnswerKind::Bug)
        return answer;
    if (onError == OnError::Skip)
        answer.decision = PolicyAnswer::Decision::Continue;
    if (onError == OnError::Reject)
        answer.reply = asGreeting(hook, rejectedByError);
    return answer;
}

} // namespace mpsmtp::delivery
