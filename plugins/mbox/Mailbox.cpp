#include "mbox/Mailbox.h"

#include "mbox/Backoff.h"
#include "mbox/Turn.h"

#include <mpsmtp/Error.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/resource.h>
#include <sys/statvfs.h>

namespace mpsmtp::mbox
{

namespace
{

Reply mailboxLocked()
{
    return {451, "4.2.0", "Mailbox locked"};
}

} // namespace

Mailbox::Mailbox(const std::string& path,
                 const MailboxSettings& settings,
                 store::DurableEntries& entries)
    : _paths(path), _settings(settings), _entries(entries)
{
}

bool Mailbox::prepare()
{
    return file() != nullptr;
}

/// Two threads may open it at once; then one of the files wins.
std::shared_ptr<const MailboxFile> Mailbox::file()
{
    {
        const std::lock_guard<std::mutex> guard(_mutex);
        if (_file)
            return _file;
    }
    auto opened = MailboxFile::open(_paths.mailbox, _settings.open);
    if (!opened) // it may come back as it was
        _entries.forgetWayTo(_paths.mailbox);
    const std::lock_guard<std::mutex> guard(_mutex);
    if (!_file)
        _file = std::move(opened);
    return _file;
}

void Mailbox::forget(const std::shared_ptr<const MailboxFile>& file)
{
    const std::lock_guard<std::mutex> guard(_mutex);
    if (_file == file)
        _file = nullptr;
}

void Mailbox::reserve(std::uint64_t octets)
{
    _reserved += octets;
    try
    {
        MailboxLock::requirePossible(_paths, _settings.dotLock);
        waitUntilUnlocked();
        requireSpace();
    }
    catch (...)
    {
        release(octets);
        throw;
    }
}

void Mailbox::waitUntilUnlocked()
{
    const auto open = file();
    Backoff backoff(_settings.lockTimeout);
    // What another handler of this process has locked comes to us in turn.
    while (open && !Turn::isLocked(_paths.mailbox) &&
           MailboxLock::isHeldByOthers(*open, _paths, _settings.dotLock))
    {
        if (!backoff.wait())
            throw Error(mailboxLocked(), _paths.mailbox + " is locked by another program");
    }
}

/// A look, not a guarantee: fallocate(2) would be one, but costs a group commit a third of its rate
/// (measured on ext4: 16 messages of 4 KiB a batch, 1.0 ms against 1.4 ms), and space claimed for
/// mail that is then refused has to be given back by a truncation.
void Mailbox::requireSpace()
{
    const auto open = file();
    struct statvfs space = {};
    if (!open || ::fstatvfs(open->fd(), &space) != 0 || space.f_blocks == 0)
        return; // not known here; the append will tell
    const std::uint64_t wanted = _reserved;
    if (wanted > std::uint64_t{space.f_bavail} * space.f_frsize)
        throw Error(Reply::systemFull(), "No space left for " + _paths.mailbox);
    struct rlimit limit = {};
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        open->size() + wanted > limit.rlim_cur)
        throw Error(Reply::mailboxFull(), _paths.mailbox + " has reached the limit of a file");
}

/// Whoever finds nobody at work writes for all that wait; the first of those who come meanwhile leads
/// the next batch.
void Mailbox::append(const std::vector<Letter>& letters)
{
    Ticket ticket(letters);
    if (!enqueue(ticket))
        ticket.wake.take();
    if (ticket.outcome == Outcome::Waiting)
        lead(ticket);
    if (ticket.outcome != Outcome::Stored)
        throw Error(replyTo(ticket.outcome));
}

/// \return whether its thread is to lead
bool Mailbox::enqueue(Ticket& ticket)
{
    const std::lock_guard<std::mutex> guard(_mutex);
    _waiting.push_back(&ticket);
    return !std::exchange(_busy, true);
}

/// Whatever happens here, the others must be told and the next batch must have its leader.
void Mailbox::lead(const Ticket& own) noexcept
{
    Batch batch;
    const Outcome outcome = deliver(batch);
    if (Ticket* const next = nextLeader())
        next->wake.give(); // first, so that the disk does not wait until all others are awake
    for (Ticket* ticket : batch)
    {
        ticket->outcome = outcome;
        if (ticket != &own)
            ticket->wake.give(); // afterwards the ticket may be gone
    }
}

/// The lead goes from one to the other, and ends when nobody waits.
Mailbox::Ticket* Mailbox::nextLeader() noexcept
{
    const std::lock_guard<std::mutex> guard(_mutex);
    _busy = !_waiting.empty();
    return _busy ? _waiting.front() : nullptr;
}

/// One line in the log for the batch; its members throw what is to be answered.
Mailbox::Outcome Mailbox::deliver(Batch& batch) noexcept
{
    Outcome outcome = Outcome::Failed;
    try
    {
        outcome = deliverOrThrow(batch);
    }
    catch (const std::system_error& error)
    {
        _settings.log.error(error.what());
        outcome = outcomeOf(error.code());
    }
    catch (const std::exception& error)
    {
        _settings.log.error(error.what());
    }
    if (batch.empty())
        batch = takeBatch(); // who came while we waited for the lock fails with us
    return outcome;
}

/// The batch is taken when the lock is there: who came while we waited for it is served too.
Mailbox::Outcome Mailbox::deliverOrThrow(Batch& batch)
{
    Turn turn(_paths.mailbox);
    const auto locked = lockFile();
    if (!locked)
    {
        _settings.log.warning(_paths.mailbox + " is locked by another program");
        return Outcome::Locked;
    }
    turn.setLocked();
    batch = takeBatch();
    std::vector<const Letter*> letters;
    for (const Ticket* ticket : batch)
    {
        for (const Letter& letter : *ticket->letters)
            letters.push_back(&letter);
    }
    locked->append(letters);
    return Outcome::Stored;
}

/// EFBIG: the file has reached the size that its file system or RLIMIT_FSIZE allows.
Mailbox::Outcome Mailbox::outcomeOf(const std::error_code& error) noexcept
{
    if (error.value() == ENOSPC || error.value() == EDQUOT)
        return Outcome::SystemFull;
    return error.value() == EFBIG ? Outcome::MailboxFull : Outcome::Failed;
}

Reply Mailbox::replyTo(Outcome outcome)
{
    switch (outcome)
    {
    case Outcome::Locked:
        return mailboxLocked();
    case Outcome::SystemFull:
        return Reply::systemFull();
    case Outcome::MailboxFull:
        return Reply::mailboxFull();
    default:
        return Reply::defer();
    }
}

/// \return nullptr if the time is up
std::unique_ptr<LockedMailbox> Mailbox::lockFile()
{
    Backoff backoff(_settings.lockTimeout);
    do
    {
        auto open = file();
        if (!open)
            store::throwSystemError(ENOENT, "cannot open mailbox", _paths.mailbox);
        auto locked = LockedMailbox::tryLock(open, _paths, _settings, _entries);
        if (locked && open->isInPlace())
            return locked;
        locked.reset();
        if (!open->isInPlace())
            forget(open);
    } while (backoff.wait());
    return nullptr;
}

Mailbox::Batch Mailbox::takeBatch() noexcept
{
    const std::lock_guard<std::mutex> guard(_mutex);
    return std::exchange(_waiting, {});
}

void Mailbox::recover()
{
    const auto open = file();
    const auto locked = open ? LockedMailbox::tryLock(open, _paths, _settings, _entries) : nullptr;
    if (locked && open->isInPlace())
        locked->recover();
}

} // namespace mpsmtp::mbox
