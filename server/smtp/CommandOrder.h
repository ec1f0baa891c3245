// The order of commands: where a session is, which verbs fit there, and what the others are refused with: the
// refusals in the state × verb table of docs/protocol.md. RFC 5321 3.1, 4.1.4; RFC 3030 2.
// Leaves to others: what a verb does, and which state follows (Session). Thread safety: [any] (pure functions).
#pragma once

#include "smtp/Command.h"
#include "smtp/Reply.h"

namespace mpsmtp::smtp
{

/// Where a session is.
enum class SessionState
{
    Greeting, ///< before EHLO or HELO
    Refused,  ///< greeted with 554: only QUIT is left (RFC 5321 3.1)
    Ready,
    MailFrom,  ///< MAIL accepted, no recipient yet
    RcptTo,    ///< at least one recipient
    Bdat,      ///< some chunks accepted, the last one is still to come
    BdatFailed ///< a chunk that was not the last one failed; RSET leads out (RFC 3030 2)
};

/// Verbs that do not depend on the order fit everywhere but in a session that was refused.
[[nodiscard]] bool fits(Verb verb, SessionState state) noexcept;

/// Of a verb that does not fit.
/// \param anyRecipientRefused of this transaction
[[nodiscard]] FixedReply
orderRefusal(Verb verb, SessionState state, bool anyRecipientRefused) noexcept;

} // namespace mpsmtp::smtp
