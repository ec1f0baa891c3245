#include "mh/MhHandler.h"

namespace mpsmtp::mh
{

MhHandler::MhHandler(const Context& context)
    : MhHandler(context, store::StoreOptions(context.config))
{
}

MhHandler::MhHandler(const Context& context, const store::StoreOptions& options)
    : _store(context, options, "mh", _layout),
      _folders(context.storage, _store.base(), options.folderPolicy()),
      _layout(_folders, _store.staging(), options.mode)
{
}

void MhHandler::start()
{
    _store.start();
}

void MhHandler::stop()
{
    _store.stop();
}

Verdict MhHandler::onRcpt(Session& /*session*/, Envelope& envelope, NewRecipient& recipient)
{
    return _store.judge(envelope, recipient);
}

Stage MhHandler::stage(Envelope& envelope, const Recipients& recipients, Message& message)
{
    return _store.stage(envelope, recipients, message);
}

} // namespace mpsmtp::mh
