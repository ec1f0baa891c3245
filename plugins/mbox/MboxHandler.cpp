#include "mbox/MboxHandler.h"

#include "mbox/Intent.h"
#include "mbox/MboxDelivery.h"
#include "mbox/Recovery.h"

#include <exception>
#include <utility>

namespace mpsmtp::mbox
{

namespace
{

MailboxSettings settingsOf(const Context& context, const store::StoreOptions& options)
{
    return {{options.create, options.mode},
            context.config.boolean("dot_lock"),
            context.config.duration("lock_timeout"),
            currentBootId(),
            context.storage,
            context.log};
}

} // namespace

MboxHandler::MboxHandler(const Context& context)
    : _options(context.config),
      _path(_options.path),
      _settings(settingsOf(context, _options)),
      _mailboxes(_settings, _path.base())
{
}

/// A mailbox that cannot be put right now is tried again when it is used; it is no reason not to
/// start.
void MboxHandler::start()
{
    const std::size_t levels = levelsBelow(_path.base(), _options.path);
    for (const std::string& path : interruptedMailboxes(_path.base(), levels))
    {
        try
        {
            if (const auto mailbox = _mailboxes.open(path))
                mailbox->recover();
        }
        catch (const std::exception& error)
        {
            _settings.log.warning(error.what());
        }
    }
}

Verdict MboxHandler::onRcpt(Session& /*session*/, Envelope& envelope, NewRecipient& recipient)
{
    const auto path = _path.expand(store::PathValues::of(envelope, recipient));
    if (!path || MailboxPaths(*path).tooLong())
        return Reject(store::mailboxNameTooLong());
    if (_options.create || _mailboxes.open(*path))
        return Continue;
    return Reject(Reply::noSuchUser());
}

Stage MboxHandler::stage(Envelope& envelope, const Recipients& recipients, Message& message)
{
    auto delivery = std::make_unique<MboxDelivery>();
    Report report;
    for (std::size_t i = 0; i < recipients.size(); ++i)
    {
        Reply reply = add(*delivery, envelope, recipients[i], message);
        if (reply.code() != 0)
            report.fail(i, std::move(reply));
    }
    Stage stage(std::move(report));
    if (!delivery->isEmpty())
        stage.work = std::move(delivery);
    return stage;
}

/// \return the reply if the recipient gets nothing
Reply MboxHandler::add(MboxDelivery& delivery,
                       const Envelope& envelope,
                       const Recipient& recipient,
                       const Message& message)
{
    const auto path = _path.expand(store::PathValues::of(envelope, recipient));
    if (!path || MailboxPaths(*path).tooLong())
        return store::mailboxNameTooLong();
    auto mailbox = _mailboxes.open(*path);
    if (!mailbox)
        return Reply::noSuchUser();
    delivery.add(std::move(mailbox), Letter(_options, envelope, recipient, message));
    return {};
}

} // namespace mpsmtp::mbox
