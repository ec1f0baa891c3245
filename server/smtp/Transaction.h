// A mail transaction (RFC 5321 3.3) between session and sink: sees to it that each one that begins ends in exactly one
// complete() or drop(), whatever happens. Replies are handed back, not sent. Thread safety: [connection].
#pragma once

#include "smtp/Envelope.h"
#include "smtp/MailDataWriter.h"
#include "smtp/MessageSink.h"
#include "smtp/Reply.h"
#include "smtp/SessionOptions.h"

#include <optional>

namespace mpsmtp::smtp
{

class Transaction
{
public:
    /// All three must outlive it.
    Transaction(const SessionOptions& options,
                const SessionInfo& session,
                MessageSink& sink) noexcept;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    /// Drops what is open.
    ~Transaction();

    /// From a MAIL that was accepted to the end.
    [[nodiscard]] bool isOpen() const noexcept { return _isOpen; }

    [[nodiscard]] const Envelope& envelope() const noexcept { return _envelope; }

    /// The empty envelope of the next transaction, to be filled for begin() or refuse(). None may be open.
    [[nodiscard]] Envelope& prepare();

    /// MAIL. A reply refuses it; the transaction is over then.
    [[nodiscard]] std::optional<Reply> begin();

    /// MAIL was refused before begin(): for the log.
    void refuse(const Reply& reply);

    /// RCPT. A reply refuses this recipient only.
    [[nodiscard]] std::optional<Reply> add(Recipient&& recipient);

    /// DATA or the first BDAT. A reply refuses it; the transaction is over then.
    [[nodiscard]] std::optional<Reply> open();

    /// Where the mail data goes; throws it away unless open() succeeded.
    [[nodiscard]] MailDataWriter& data() noexcept { return _data; }

    /// End of the mail data, or of as much of it as there is use in. The transaction is over.
    [[nodiscard]] Reply complete();

    /// Ends the transaction, if one is open, without delivery. `reply`: what the client is told, nullptr if nothing.
    void drop(const Reply* reply);

private:
    const SessionInfo& _session;
    MessageSink& _sink;
    Envelope _envelope;
    MailDataWriter _data;
    bool _isOpen = false;
};

} // namespace mpsmtp::smtp
