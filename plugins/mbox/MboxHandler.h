// The mbox handler: appends each mail to its recipient's mailbox file. Options, replies and the two
// phases are here; the format is Mboxrd's, batches are Mailbox's, what is safe when is
// LockedMailbox's. RFC 5321 4.2.5 (250 is a promise).
#pragma once

#include "common/PathTemplate.h"
#include "common/StoreOptions.h"
#include "mbox/MailboxSettings.h"
#include "mbox/Mailboxes.h"

#include <mpsmtp/Handler.h>

#include <memory>

namespace mpsmtp::mbox
{

class MboxDelivery;

/// Thread safety: [any].
class MboxHandler : public Handler
{
public:
    /// \throws std::invalid_argument for a path that is no template
    explicit MboxHandler(const Context& context);

    /// Puts right what a killed server has left.
    void start() override;

    Verdict onRcpt(Session& session, Envelope& envelope, NewRecipient& recipient) override;

    Stage stage(Envelope& envelope, const Recipients& recipients, Message& message) override;

    /// Mailboxes in use by transactions in flight.
    [[nodiscard]] std::size_t mailboxesInUse() { return _mailboxes.size(); }

private:
    [[nodiscard]] Reply add(MboxDelivery& delivery,
                            const Envelope& envelope,
                            const Recipient& recipient,
                            const Message& message);

    const store::StoreOptions _options;
    const store::PathTemplate _path;
    const MailboxSettings _settings;
    Mailboxes _mailboxes;
};

} // namespace mpsmtp::mbox
