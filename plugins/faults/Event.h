// What a rule is asked about: one step of a session, with what is known by then.
// Thread safety: [connection].
#pragma once

#include "faults/Rule.h"

#include <mpsmtp/Envelope.h>
#include <mpsmtp/Message.h>

#include <string>

namespace mpsmtp::faults
{

/// All borrowed.
struct Event
{
    Verb verb;
    const Session& session;
    const Envelope* envelope = nullptr;   ///< from MAIL on
    const Recipient* recipient = nullptr; ///< RCPT only
    const Message* message = nullptr;     ///< the final dot only
};

/// True if all conditions hold. The parser has seen to it that a rule asks for nothing that its verb does not know.
[[nodiscard]] bool fits(const Conditions& conditions, const Event& event);

/// For the log: "rcpt to=<b@b.test> client=192.0.2.1 id=…".
[[nodiscard]] std::string describe(const Event& event);

} // namespace mpsmtp::faults
