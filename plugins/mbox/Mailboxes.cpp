#include "mbox/Mailboxes.h"

namespace mpsmtp::mbox
{

Mailboxes::Mailboxes(const MailboxSettings& settings, const std::string& base)
    : _settings(settings),
      _folders(
          settings.storage, base, {settings.open.create, store::folderMode(settings.open.mode)})
{
}

std::shared_ptr<Mailbox> Mailboxes::open(const std::string& path)
{
    if (!_folders.ensure(store::parentOf(path)))
        return nullptr;
    auto mailbox = share(resolveLinks(path));
    return mailbox->prepare() ? mailbox : nullptr;
}

std::size_t Mailboxes::size()
{
    const std::lock_guard<std::mutex> guard(_mutex);
    return _inUse.size();
}

std::shared_ptr<Mailbox> Mailboxes::find(const std::string& path)
{
    const std::lock_guard<std::mutex> guard(_mutex);
    const auto entry = _inUse.find(path);
    return entry == _inUse.end() ? nullptr : entry->second.lock();
}

/// The new object is made, and dropped if another thread was faster, without the mutex: dropping
/// takes it.
std::shared_ptr<Mailbox> Mailboxes::share(const std::string& path)
{
    if (auto mailbox = find(path))
        return mailbox;
    std::shared_ptr<Mailbox> made(new Mailbox(path, _settings, _folders.entries()),
                                  [this](Mailbox* mailbox) { drop(mailbox); });
    const std::lock_guard<std::mutex> guard(_mutex);
    std::weak_ptr<Mailbox>& entry = _inUse[path];
    if (auto faster = entry.lock())
        return faster;
    entry = made;
    return made;
}

/// By now another thread may have put a new object in the same place.
void Mailboxes::drop(Mailbox* mailbox) noexcept
{
    {
        const std::lock_guard<std::mutex> guard(_mutex);
        const auto entry = _inUse.find(mailbox->paths().mailbox);
        if (entry != _inUse.end() && entry->second.expired())
            _inUse.erase(entry);
    }
    delete mailbox;
}

} // namespace mpsmtp::mbox
