#include "maildir/MaildirHandler.h"

#include "common/StagedFile.h"

namespace mpsmtp::maildir
{

MaildirHandler::MaildirHandler(const Context& context)
    : MaildirHandler(context, store::StoreOptions(context.config))
{
}

MaildirHandler::MaildirHandler(const Context& context, const store::StoreOptions& options)
    : _store(context, options, "maildir", _layout),
      _folders(context.storage, _store.base(), options.folderPolicy()),
      _layout(_folders,
              _store.staging(),
              {context.config.string("detail") == "folder", hostForFileName(store::hostName())})
{
}

void MaildirHandler::start()
{
    _store.start();
}

void MaildirHandler::stop()
{
    _store.stop();
}

Verdict MaildirHandler::onRcpt(Session& /*session*/, Envelope& envelope, NewRecipient& recipient)
{
    return _store.judge(envelope, recipient);
}

Stage MaildirHandler::stage(Envelope& envelope, const Recipients& recipients, Message& message)
{
    return _store.stage(envelope, recipients, message);
}

} // namespace mpsmtp::maildir
