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
    /// Which decision it is; see each hook of Handler for those that it may return.
    enum Kind
    {
        Continue = MPSMTP_CONTINUE,     ///< no opinion: ask the next filter
        Accept = MPSMTP_ACCEPT,         ///< onRcpt: known, ask no other filter; onAuth: proved
        Discard = MPSMTP_DISCARD,       ///< onMessage: answer 250, deliver to nobody
        Reject = MPSMTP_REJECT,         ///< 5xx
        Defer = MPSMTP_DEFER,           ///< 4xx
        Disconnect = MPSMTP_DISCONNECT, ///< 421, close
        Drop = MPSMTP_DROP              ///< close without a reply, for those who test clients
    };

    /// With the default reply of hook and kind.
    Verdict(Kind kind) noexcept
        : _kind(kind) {} // NOLINT(google-explicit-constructor): `return Continue;`

    /// With a reply of its own, whose class must fit: 2xx for Discard, 5xx for Reject, 4xx for
    /// Defer, 421 for Disconnect. For Continue, Accept and Drop it means nothing.
    Verdict(Kind kind, Reply reply) : _kind(kind), _reply(std::move(reply)) {}

    /// The decision.
    [[nodiscard]] Kind kind() const noexcept { return _kind; }

    /// Reply() if the default of the kind shall be sent.
    [[nodiscard]] const Reply& reply() const noexcept { return _reply; }

private:
    Kind _kind;
    Reply _reply;
};

/// No opinion: the next filter is asked, and what no filter objects to is done.
inline constexpr Verdict::Kind Continue = Verdict::Continue;
/// onRcpt: known, no other filter is asked; onAuth: proved.
inline constexpr Verdict::Kind Accept = Verdict::Accept;
/// onMessage: the client hears 250 and the mail goes nowhere.
inline constexpr Verdict::Kind Discard = Verdict::Discard;
/// 421, then the connection is closed.
inline constexpr Verdict::Kind Disconnect = Verdict::Disconnect;
/// The connection is closed without a word; for those who test clients.
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
