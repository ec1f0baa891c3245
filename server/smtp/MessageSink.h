// What a session asks of the world behind it: take this transaction. Implemented by delivery/, faked in tests.
#pragma once

#include "smtp/Buffer.h"
#include "smtp/Command.h"
#include "smtp/Envelope.h"
#include "smtp/Reply.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace mpsmtp::smtp
{

/// One object for each connection. connected() comes first, disconnected() last. A refusal whose code is 0 closes the
/// connection without a word. Calls for one transaction come in this order:
///   begin, recipient*, open, (writable, written)*, then one of complete or drop; replied() after complete if there is
///   work left. A begin() or open() that refuses is followed by drop() with that same reply at once.
/// Thread safety: [connection].
class MessageSink
{
public:
    MessageSink() = default;
    MessageSink(const MessageSink&) = delete;
    MessageSink& operator=(const MessageSink&) = delete;
    virtual ~MessageSink() = default;

    /// Before the greeting. A reply refuses the client: 554 is the greeting then (RFC 5321 3.1), 421 also closes.
    [[nodiscard]] virtual std::optional<Reply> connected(const SessionInfo& /*session*/)
    {
        return std::nullopt;
    }

    /// HELO or EHLO was accepted by the grammar; session.helo and session.esmtp are as it says. A reply refuses it.
    [[nodiscard]] virtual std::optional<Reply> helo(const SessionInfo& /*session*/)
    {
        return std::nullopt;
    }

    /// The session is over; only after connected(). No transaction is open.
    virtual void disconnected(const SessionInfo& /*session*/) {}

    /// The client has sent a command, whatever becomes of it; before it is executed. For statistics.
    virtual void commanded(Verb /*verb*/) noexcept {}

    /// A recipient was refused before recipient(): grammar, limits. For statistics.
    virtual void recipientRefused() noexcept {}

    /// How fast this session may be, each way; 0: no limit. May change with every other call.
    [[nodiscard]] virtual std::uint64_t octetsPerSecond() const noexcept { return 0; }

    /// MAIL was accepted by the grammar and the limits. Sets envelope.id. A reply refuses it.
    [[nodiscard]] virtual std::optional<Reply> begin(const SessionInfo& session,
                                                     Envelope& envelope) = 0;

    /// RCPT was accepted by the grammar and the limits. A reply refuses this recipient; the transaction goes on.
    [[nodiscard]] virtual std::optional<Reply>
    recipient(const SessionInfo& session, const Envelope& envelope, const Recipient& recipient) = 0;

    /// DATA or the first BDAT, before any octet. A reply refuses it.
    [[nodiscard]] virtual std::optional<Reply> open(const SessionInfo& session,
                                                    const Envelope& envelope) = 0;

    /// Where the next octets of the mail data go: at least 1 octet of room, some 64 KiB if there is much to come.
    /// Octets put there but not reported by written() are lost by the next call... except that the caller may ask again
    /// without having written and gets the same room.
    [[nodiscard]] virtual Buffer writable() = 0;

    /// The first `count` octets of writable() are mail data. False: they cannot be kept (disk full, no memory); the
    /// session reads on to the end of the data without storing, and complete() then answers why.
    [[nodiscard]] virtual bool written(std::size_t count) = 0;

    /// End of data: delivers. The reply is final: positive only when the mail is on stable storage.
    [[nodiscard]] virtual Reply complete(const SessionInfo& session, const Envelope& envelope) = 0;

    /// True after complete() if work is left for after the reply (optional handlers).
    [[nodiscard]] virtual bool hasWorkAfterReply() const noexcept = 0;

    /// The reply of complete() has been given to the network, or the client is gone: does that work. Called only if
    /// hasWorkAfterReply(), before the next begin().
    virtual void replied() = 0;

    /// The transaction ends without delivery: refused, over the limit, RSET, or the client is gone. `reply` is what the
    /// client was told, or nullptr if nothing. Also called for a MAIL that was refused before begin(); envelope.id is then "".
    virtual void drop(const SessionInfo& session, const Envelope& envelope, const Reply* reply) = 0;
};

} // namespace mpsmtp::smtp
