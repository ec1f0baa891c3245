#include "common/FileStore.h"

#include <cstddef>
#include <memory>
#include <utility>

namespace mpsmtp::store
{

FileStore::FileStore(const Context& context,
                     const StoreOptions& options,
                     std::string type,
                     MailboxLayout& layout)
    : _storage(context.storage),
      _options(options),
      _path(options.path),
      _staging(options.mode),
      _layout(layout),
      _journal(context, _path.home(), std::move(type), _staging, layout),
      _parts{_options, _path, _storage, _staging, _layout, _journal}
{
}

Verdict FileStore::judge(const Envelope& envelope, const Recipient& recipient)
{
    auto path = _path.expand(PathValues::of(envelope, recipient));
    if (!path)
        return Reject(mailboxNameTooLong());
    if (_options.create)
        return Continue;
    return _layout.open(_layout.mailboxOf(*std::move(path), recipient))
               ? Verdict(Continue)
               : Reject(Reply::noSuchUser());
}

Stage FileStore::stage(const Envelope& envelope,
                       const Recipients& recipients,
                       const Message& message)
{
    auto files = std::make_unique<StagedFiles>(_parts);
    Report report;
    for (std::size_t i = 0; i < recipients.size(); ++i)
    {
        Reply reply = files->add(envelope, recipients[i], message);
        if (reply.code() != 0)
            report.fail(i, std::move(reply));
    }
    Stage stage(std::move(report));
    if (!files->isEmpty())
        stage.work = std::move(files);
    return stage;
}

} // namespace mpsmtp::store
