#include "mbox/LockedMailbox.h"

#include "mbox/ReadAt.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::mbox
{

namespace
{

using store::throwSystemError;

/// Joins small pieces: a batch of small messages is one write(2).
class AppendSink final : public store::OctetSink
{
public:
    AppendSink(const MailboxFile& file, std::uint64_t expectedOctets) : _file(file)
    {
        _buffer.reserve(
            static_cast<std::size_t>(std::min<std::uint64_t>(expectedOctets, capacity)));
    }

    void write(std::string_view octets) override
    {
        if (_buffer.size() + octets.size() > capacity)
            flush();
        if (octets.size() > capacity)
            store::writeAll(_file.fd(), octets, _file.path());
        else
            _buffer += octets;
        _octets += octets.size();
    }

    void flush()
    {
        store::writeAll(_file.fd(), _buffer, _file.path());
        _buffer.clear();
    }

    [[nodiscard]] std::uint64_t octets() const noexcept { return _octets; }

private:
    static constexpr std::size_t capacity = std::size_t{256} * 1024;

    const MailboxFile& _file;
    std::string _buffer;
    std::uint64_t _octets = 0;
};

} // namespace

std::unique_ptr<LockedMailbox> LockedMailbox::tryLock(std::shared_ptr<const MailboxFile> file,
                                                      const MailboxPaths& paths,
                                                      const MailboxSettings& settings,
                                                      store::DurableEntries& entries)
{
    auto lock = MailboxLock::tryAcquire(*file, paths, settings.dotLock, settings.log);
    if (!lock)
        return nullptr;
    return std::make_unique<LockedMailbox>(
        std::move(file), std::move(lock), paths, settings, entries);
}

LockedMailbox::LockedMailbox(std::shared_ptr<const MailboxFile> file,
                             std::unique_ptr<MailboxLock> lock,
                             const MailboxPaths& paths,
                             const MailboxSettings& settings,
                             store::DurableEntries& entries)
    : _file(std::move(file)),
      _lock(std::move(lock)),
      _paths(paths),
      _settings(settings),
      _entries(entries)
{
}

void LockedMailbox::recover()
{
    struct stat status = {};
    if (::fstat(_lock->noteFd(), &status) != 0)
        throwSystemError(errno, "cannot examine the mailbox's note", _paths.note);
    if (status.st_size == 0)
        return;
    const auto intent =
        Intent::parse(readAt(_lock->noteFd(), 0, static_cast<std::size_t>(status.st_size)));
    const std::uint64_t size = _file->size();
    const bool sameFile = intent && intent->isOfRun(_settings.bootId) &&
                          intent->device == _file->device() && intent->inode == _file->inode();
    if (sameFile && isBatch(*intent, _file->fd(), size))
    {
        _file->truncate(intent->start);
        _settings.log.notice(_paths.mailbox + ": took back " +
                             std::to_string(size - intent->start) +
                             " octets of mail that a killed server had not acknowledged");
    }
    else if (intent)
        _settings.log.warning(_paths.mailbox +
                              ": a server was killed while appending, and the file or the "
                              "system has changed since; left as it is");
    clearNote();
}

void LockedMailbox::append(const std::vector<const Letter*>& letters)
{
    recover();
    const std::uint64_t size = _file->size();
    const std::string_view padding = _file->padding(size);
    const Intent intent = plan(letters, size, padding.size());
    if (size == 0) // it may be new, where file systems do not tell it from the old one
        _entries.forget(_paths.mailbox);
    try
    {
        writeNote(intent);
        writeLetters(letters, padding, intent.end - intent.start);
        makeDurable();
        clearNote();
    }
    catch (const std::exception&)
    {
        takeBack(intent);
        throw;
    }
}

Intent LockedMailbox::plan(const std::vector<const Letter*>& letters,
                           std::uint64_t size,
                           std::size_t padding) const
{
    Intent intent;
    intent.bootId = _settings.bootId;
    intent.device = _file->device();
    intent.inode = _file->inode();
    intent.start = size;
    intent.end = size + padding;
    intent.parts.reserve(letters.size());
    for (const Letter* letter : letters)
    {
        intent.parts.push_back({intent.end, letter->fromLine()});
        intent.end += letter->octets();
    }
    return intent;
}

void LockedMailbox::writeNote(const Intent& intent) const
{
    store::writeAll(_lock->noteFd(), intent.serialize(), _paths.note);
}

/// An emptied file rather than an overwritten one: what never gets old never gets to the disk.
void LockedMailbox::clearNote() const
{
    if (::ftruncate(_lock->noteFd(), 0) != 0)
        throwSystemError(errno, "cannot empty the mailbox's note", _paths.note);
}

void LockedMailbox::writeLetters(const std::vector<const Letter*>& letters,
                                 std::string_view padding,
                                 std::uint64_t octets) const
{
    AppendSink sink(*_file, octets);
    sink.write(padding);
    for (const Letter* letter : letters)
        letter->writeTo(sink);
    sink.flush();
    if (sink.octets() != octets)
        throw std::logic_error("a message has changed since it was measured: " + _paths.mailbox);
}

/// The name too: the file may be as young as this mail, whoever has made it or put it in its place.
void LockedMailbox::makeDurable() const
{
    _settings.storage.syncData(_file->fd());
    _entries.settle(_paths.mailbox);
}

/// Only what is our own: a program that ignores the locks may have appended too. If it fails, the
/// note stays, and the next writer tries again.
void LockedMailbox::takeBack(const Intent& intent) const noexcept
{
    try
    {
        if (isBatch(intent, _file->fd(), _file->size()))
            _file->truncate(intent.start);
        else
            _settings.log.error(_paths.mailbox + ": another program has written without a lock; a "
                                                 "message cut short is left in it");
        clearNote();
    }
    catch (const std::exception& error)
    {
        _settings.log.error(error.what());
    }
}

} // namespace mpsmtp::mbox
