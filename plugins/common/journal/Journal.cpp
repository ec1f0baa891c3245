#include "common/journal/Journal.h"

#include "common/journal/Journals.h"

#include <cerrno>
#include <exception>
#include <new>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::store::journal
{

namespace
{

constexpr const char* sayFull = "; each mail is synced by itself until there is room again";

[[nodiscard]] std::string prefixOf(const std::string& base, const std::string& name)
{
    return base + "/.mpsmtp." + name + "-journal";
}

[[nodiscard]] dev_t deviceOf(const std::string& path)
{
    struct stat status
    {
    };

    if (::stat(path.c_str(), &status) != 0)
        throwSystemError(errno, "cannot examine", path);
    return status.st_dev;
}

[[nodiscard]] bool isOutOfSpace(const std::error_code& error)
{
    const int value = error.value();
    return value == ENOSPC || value == EDQUOT || value == EFBIG;
}

} // namespace

/// What each handler has: a pointer of its own, so that its end is seen.
struct Journal::Membership
{
    Membership() = default;
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;

    ~Membership()
    {
        if (journal)
            leave(std::move(journal), user);
    }

    std::shared_ptr<Journal> journal;
    Users::Place user;
};

/// Nothing fails once there is a member: its end would wait for the turn that is taken here.
std::shared_ptr<Journal> Journal::open(const std::string& base,
                                       const std::string& name,
                                       const Settings& settings,
                                       const Restore& restore)
{
    const std::string prefix = prefixOf(base, name);
    const auto membership = std::make_shared<Membership>();
    Journals::Turn turn(Journals::ofProcess(), prefix);
    std::shared_ptr<Journal> journal = turn.journal().lock();
    if (!journal || !journal->isUsable())
        journal = openOnDisk(base, prefix, settings, restore);
    if (!journal)
        return nullptr;
    turn.journal() = journal;
    membership->user = journal->_users.join(settings.storage, settings.log);
    membership->journal = std::move(journal);
    return {membership, membership->journal.get()};
}

std::shared_ptr<Journal> Journal::openOnDisk(const std::string& base,
                                             const std::string& prefix,
                                             const Settings& settings,
                                             const Restore& restore)
{
    auto journal = std::make_shared<Journal>(prefix, settings);
    const FileDescriptor folder(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.isOpen())
        throwSystemError(errno, "cannot open the folder", base);
    settings.storage.syncFolder(folder.get()); // the journal's name
    return journal->start(settings, restore) ? journal : nullptr;
}

/// The last one to leave stays a user until the journal has ended: its end is a checkpoint. Each lets
/// go of it within the turn, so that the next one knows whether it is the last.
void Journal::leave(std::shared_ptr<Journal> journal, Users::Place user) noexcept
{
    const Journals::Turn turn(Journals::ofProcess(), journal->_prefix);
    if (journal.use_count() > 1)
        journal->_users.leave(user);
    journal.reset();
}

bool Journal::exists(const std::string& base, const std::string& name)
{
    const std::string prefix = prefixOf(base, name);
    return ::access((prefix + ".0").c_str(), F_OK) == 0 ||
           ::access((prefix + ".1").c_str(), F_OK) == 0;
}

Journal::Journal(const std::string& prefix, const Settings& settings)
    : _prefix(prefix),
      _patience(settings.patience),
      _segments(prefix, settings.segmentOctets, settings.bootId),
      _device(deviceOf(prefix + ".0")),
      _checkpoints(_segments, _mutex, _users, settings.checkpointAfter)
{
}

/// \return false if another process has it
bool Journal::start(const Settings& settings, const Restore& restore)
{
    if (!_segments.tryLock())
        return false;
    Segment& first = _segments.uses()[0].segment;
    Segment& second = _segments.uses()[1].segment;
    const std::size_t restored =
        recover({&first, &second}, settings.bootId, settings.storage, restore);
    if (restored != 0)
        settings.log.notice("the machine went down without a checkpoint: looked after " +
                            std::to_string(restored) + " transactions of the journal " +
                            first.path());
    _checkpoints.start();
    return true;
}

bool Journal::isUsable() const
{
    return !isRefusing() && _segments.isInPlace();
}

std::optional<Journal::Entry> Journal::append(std::string_view payload)
{
    if (payload.size() + recordHeaderOctets > Batch::mostOctets)
        return std::nullopt;
    Ticket ticket;
    ticket.payload = payload;
    ticket.checksum = checksum(payload);
    Lock lock(_mutex);
    if (isRefusing())
        return std::nullopt;
    _waiting.push_back(&ticket);
    if (std::exchange(_isBusy, true))
        await(ticket, lock);
    if (ticket.outcome == Outcome::Waiting)
        lead(ticket, lock);
    if (ticket.outcome != Outcome::Stored)
        return std::nullopt;
    return Entry(*this, ticket.segment, ticket.id);
}

void Journal::release(std::size_t segment) noexcept
{
    const std::lock_guard<std::mutex> lock(_mutex);
    _segments.release(segment);
}

void Journal::cancel(std::uint64_t id) noexcept
{
    try
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _cancelled.push_back(id);
    }
    catch (...) // no memory: after a power failure the mail may come although it was refused
    {
    }
}

/// Until its record is written or refused; or until it is told to lead.
void Journal::await(Ticket& ticket, Lock& lock)
{
    lock.unlock();
    ticket.wake.take();
    if (ticket.outcome == Outcome::Waiting)
        lock.lock();
}

/// Whoever finds nobody at work writes for all that wait; the first of those who come meanwhile leads
/// the next batch: the lead goes from one to the other, and ends when nobody waits. Whatever happens,
/// all of the batch are told, `own` among them: a ticket is in one of the two lists, whatever cannot
/// be allocated.
void Journal::lead(const Ticket& own, Lock& lock) noexcept
{
    Batch batch;
    Outcome outcome = Outcome::Refused;
    try
    {
        batch.take(_waiting);
        batch.cancel(_cancelled);
        outcome = write(batch, lock);
    }
    catch (const std::exception& error)
    {
        if (batch.tickets.empty())
            batch.tickets.swap(_waiting);
        lock.unlock();
        _users.borrow().log().error(error.what());
        lock.lock();
    }
    Ticket* const next = _waiting.empty() ? nullptr : _waiting.front();
    _isBusy = next != nullptr;
    lock.unlock();
    if (next != nullptr)
        next->wake.give(); // first, so that the disk does not wait until all others are awake
    for (Ticket* ticket : batch.tickets)
    {
        ticket->outcome = outcome;
        if (ticket != &own)
            ticket->wake.give(); // afterwards the ticket may be gone
    }
}

/// A cancellation stays until it is durable.
Journal::Outcome Journal::write(Batch& batch, Lock& lock)
{
    Use* const use = _segments.waitFor(batch.octets, _patience, lock);
    if (use == nullptr)
        return Outcome::Refused;
    std::vector<iovec> parts =
        batch.parts(use->segment.header().key, _segments.placeOf(*use), _lastId);
    use->entries += batch.tickets.size();
    use->isTaking = true;
    lock.unlock();
    const bool isStored = store(use->segment, batch, parts);
    lock.lock();
    use->isTaking = false;
    if (!isStored)
    {
        use->entries -= batch.tickets.size();
        return Outcome::Refused;
    }
    _cancelled.erase(_cancelled.begin(),
                     _cancelled.begin() + static_cast<std::ptrdiff_t>(batch.cancellations.size()));
    return Outcome::Stored;
}

/// Without memory for both, what happened alone.
void Journal::report(const char* what, const char* consequence) noexcept
{
    const auto user = _users.borrow();
    try
    {
        user.log().error(std::string(what) + consequence);
    }
    catch (const std::bad_alloc&)
    {
        user.log().error(what);
    }
}

/// A full disk is no fault of the journal: the same octets may fit later. After another error it is
/// not known what is on the disk, so nothing more goes there.
bool Journal::store(Segment& segment, Batch& batch, std::vector<iovec>& parts) noexcept
{
    try
    {
        if (!segment.isInPlace())
            throwSystemError(ENOENT, "somebody has removed the journal", segment.path());
        segment.append(parts, batch.octets, _users.borrow().storage());
        _isFull = false;
        return true;
    }
    catch (const std::system_error& error)
    {
        const bool isFull = isOutOfSpace(error.code());
        if (!isFull || !_isFull.exchange(true))
            report(error.what(), isFull ? sayFull : "");
        if (isFull)
            return false;
    }
    catch (const std::exception& error) // no memory: perhaps to say that the write has failed
    {
        _users.borrow().log().error(error.what());
    }
    const std::lock_guard<std::mutex> lock(_mutex);
    _segments.refuse();
    return false;
}

} // namespace mpsmtp::store::journal
