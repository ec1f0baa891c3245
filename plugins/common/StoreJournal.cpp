#include "common/StoreJournal.h"

#include "common/FileRestorer.h"

#include <exception>
#include <utility>

namespace mpsmtp::store
{

StoreJournal::StoreJournal(const Context& context,
                           const std::string& home,
                           std::string type,
                           Staging& staging,
                           MailboxLayout& layout)
    : _storage(context.storage),
      _log(context.log),
      _home(home),
      _type(std::move(type)),
      _staging(staging),
      _layout(layout)
{
}

void StoreJournal::start()
{
    if (!journal::Journal::exists(_home, _type))
        return;
    const Pointer journal = open();
    if (!_storage.wantsJournal())
        return;
    const std::lock_guard<std::mutex> lock(_mutex);
    _journal = journal;
}

void StoreJournal::stop() noexcept
{
    Pointer journal;
    const std::lock_guard<std::mutex> lock(_mutex);
    journal.swap(_journal);
}

/// \return nullptr if another process has it, or the one before this in here
StoreJournal::Pointer StoreJournal::open()
{
    FileRestorer restorer(_home, _storage, _log, _staging, _layout);
    auto journal = journal::Journal::open(_home,
                                          _type,
                                          {_storage, _log, journal::currentBootId()},
                                          [&](const journal::FilesRecord& record, bool isDistrusted)
                                          { restorer.restore(record, isDistrusted); });
    if (!journal)
        _log.warning("the journal in " + _home +
                     " is in use by another process, or by mails that are still on their way: each "
                     "mail is synced by itself meanwhile");
    return journal;
}

StoreJournal::Pointer StoreJournal::current()
{
    if (!_storage.wantsJournal())
        return nullptr;
    Pointer old; // its end is a checkpoint
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        if (_journal && !_journal->isRefusing())
            return _journal;
        old.swap(_journal);
        if (_isOpening || std::chrono::steady_clock::now() < _nextTry)
            return nullptr;
        _isOpening = true;
    }
    old.reset();
    const Pointer journal = tryOpen();
    const std::lock_guard<std::mutex> lock(_mutex);
    _isOpening = false;
    _journal = journal;
    if (!journal)
        _nextTry = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    return journal;
}

StoreJournal::Pointer StoreJournal::tryOpen() noexcept
{
    try
    {
        return open();
    }
    catch (const std::exception& error)
    {
        _log.error(error.what());
    }
    return nullptr;
}

} // namespace mpsmtp::store
