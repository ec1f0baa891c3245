// What the answer of a hook means for the transaction. Here a plugin's reply is checked: a reply whose class does not fit
// (a 250 for a failure, an enhanced code of another class) is the plugin's bug, is logged as such and becomes 451 4.3.0.
// RFC 5321 4.2, 4.2.1; RFC 2034; RFC 3463.
// Thread safety: [any] (pure functions).
#pragma once

#include "delivery/DeliveryConfig.h"
#include "delivery/ReplyTarget.h"
#include "metrics/Metrics.h"
#include "smtp/Reply.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace mpsmtp::delivery
{

/// How an answer came about, for the log.
enum class AnswerKind
{
    Success, ///< go on
    Refusal, ///< the handler chose to fail the mail
    Fault,   ///< the handler threw, was too busy or too slow
    Bug      ///< the handler answered what it may not
};

/// What a delivery hook (stage, persist, commit, deliver) answered.
struct DeliveryAnswer
{
    AnswerKind kind = AnswerKind::Success;
    smtp::Reply reply;                                ///< for the client, if not Success
    std::string detail;                               ///< for the log, if Fault or Bug
    metrics::Fault cause = metrics::Fault::Exception; ///< if Fault

    [[nodiscard]] bool isSuccess() const noexcept { return kind == AnswerKind::Success; }
};

/// One reply speaks for all recipients (RFC 5321 4.1.1.4), so that any failure fails them all. If one of the failures is
/// temporary it is answered, even if another recipient's is permanent: after a 5xx the client gives up on all of them.
/// After a fault nothing but a temporary failure is believed.
/// \param recipients how many the hook was given
[[nodiscard]] DeliveryAnswer deliveryAnswer(const ReplyTarget& target, std::size_t recipients);

/// The hooks that judge, in the order of a session.
enum class PolicyHook
{
    Connect,
    Helo,
    Auth,
    Mail,
    Rcpt,
    Data,
    Message
};

/// "onRcpt", as in the SDK.
[[nodiscard]] const char* nameOf(PolicyHook hook) noexcept;

/// What a policy hook answered.
struct PolicyAnswer
{
    enum class Decision
    {
        Continue,
        Accept,  ///< onRcpt, onAuth: ask no other handler
        Discard, ///< onMessage: answer 250, deliver nothing
        End      ///< answer `reply`
    };

    Decision decision = Decision::Continue;
    AnswerKind kind = AnswerKind::Success;
    smtp::Reply reply;  ///< code 0: with Discard the usual 250, with End none (Drop)
    std::string detail; ///< for the log, if Fault or Bug
    metrics::Fault cause = metrics::Fault::Exception; ///< if Fault
};

/// \param verdict what the hook returned
[[nodiscard]] PolicyAnswer
policyAnswer(PolicyHook hook, std::int32_t verdict, const ReplyTarget& target);

/// No slot of the handler became free in time (`concurrency`).
[[nodiscard]] PolicyAnswer busyAnswer(PolicyHook hook);
[[nodiscard]] DeliveryAnswer busyAnswer();

/// The time for the reply is used up (`reply_timeout`).
[[nodiscard]] DeliveryAnswer lateAnswer();

/// What a fault or bug shall mean by the handler's `on_error`; other answers stay as they are.
[[nodiscard]] PolicyAnswer afterError(PolicyHook hook, OnError onError, PolicyAnswer answer);

/// 451 4.3.0: a fault of ours. Says nothing of the cause, which is in the log.
[[nodiscard]] smtp::Reply localError();

} // namespace mpsmtp::delivery
