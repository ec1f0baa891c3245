// What the answer of a hook means for the transaction. Here a plugin's reply is checked: a reply whose class does not fit
// (a 250 for a failure, an enhanced code of another class) is the plugin's bug, is logged as such and becomes 451 4.3.0.
// RFC 5321 4.2, 4.2.1; RFC 2034; RFC 3463.
// Thread safety: [any] (pure functions).
#pragma once

#include "delivery/ReplyTarget.h"
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
    Fault,   ///< the handler threw
    Bug      ///< the handler answered what it may not
};

/// What a delivery hook (stage, persist, commit, deliver) answered.
struct DeliveryAnswer
{
    AnswerKind kind = AnswerKind::Success;
    smtp::Reply reply;  ///< for the client, if not Success
    std::string detail; ///< for the log, if Fault or Bug

    [[nodiscard]] bool isSuccess() const noexcept { return kind == AnswerKind::Success; }
};

/// One reply speaks for all recipients (RFC 5321 4.1.1.4), so that any failure fails them all. If one of the failures is
/// temporary it is answered, even if another recipient's is permanent: after a 5xx the client gives up on all of them.
/// After a fault nothing but a temporary failure is believed.
/// \param recipients how many the hook was given
[[nodiscard]] DeliveryAnswer deliveryAnswer(const ReplyTarget& target, std::size_t recipients);

/// What onMessage answered.
struct FilterAnswer
{
    enum class Decision
    {
        Continue,
        Discard, ///< answer 250, deliver nothing
        End      ///< answer `reply`, deliver nothing
    };

    Decision decision = Decision::Continue;
    AnswerKind kind = AnswerKind::Success;
    smtp::Reply reply;  ///< code 0 with Discard: the usual 250
    std::string detail; ///< for the log, if Fault or Bug
};

/// \param verdict what on_message returned
[[nodiscard]] FilterAnswer filterAnswer(std::int32_t verdict, const ReplyTarget& target);

/// 451 4.3.0: a fault of ours. Says nothing of the cause, which is in the log.
[[nodiscard]] smtp::Reply localError();

} // namespace mpsmtp::delivery
