/// \file
/// What a policy hook answers.
#pragma once

#include <mpsmtp/Reply.h>

#include <utility>

namespace mpsmtp
{

/// A decision, with the reply that goes with it. The first one other than Continue ends the chain
/// for that hook.
class Verdict
{
public:
    enum Kind
    {
        Continue = MPSMTP_CONTINUE,
        Accept = MPSMTP_ACCEPT,         ///< onRcpt: known; onAuth: proved
        Discard = MPSMTP_DISCARD,       ///< answer 250, store nothing
        Reject = MPSMTP_REJECT,         ///< 5xx
        Defer = MPSMTP_DEFER,           ///< 4xx
        Disconnect = MPSMTP_DISCONNECT, ///< 421, close
        Drop = MPSMTP_DROP              ///< close without a reply, for those who test clients
    };

    Verdict(Kind kind) noexcept
        : _kind(kind) {} // NOLINT(google-explicit-constructor): `return Continue;`

    Verdict(Kind kind, Reply reply) : _kind(kind), _reply(std::move(reply)) {}

    [[nodiscard]] Kind kind() const noexcept { return _kind; }

    /// Reply() if the default of the kind shall be sent.
    [[nodiscard]] const Reply& reply() const noexcept { return _reply; }

private:
    Kind _kind;
    Reply _reply;
};

inline constexpr Verdict::Kind Continue = Verdict::Continue;
inline constexpr Verdict::Kind Accept = Verdict::Accept;
inline constexpr Verdict::Kind Discard = Verdict::Discard;
inline constexpr Verdict::Kind Disconnect = Verdict::Disconnect;
inline constexpr Verdict::Kind Drop = Verdict::Drop;

/// 5xx with the default text, or with your own reply.
[[nodiscard]] inline Verdict Reject(Reply reply = {})
{
    return {Verdict::Reject, std::move(reply)};
}

/// 4xx with the default text, or with your own reply.
[[nodiscard]] inline Verdict Defer(Reply reply = {})
{
    return {Verdict::Defer, std::move(reply)};
}

} // namespace mpsmtp
