#include "common/journal/Journal.h"

#include "common/journal/Journals.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::store::journal
{

namespace
{

// Of one batch: a segment must hold several, and writev takes 1024 parts.
constexpr std::uint64_t batchOctets = std::uint64_t{1} << 20;
constexpr std::size_t batchTickets = 256;
constexpr const char* sayFull = "; each mail is synced by itself until there is room again";

[[nodiscard]] std::string prefixOf(const std::string& base, const std::string& name)
{
    return base + "/.mpsmtp." + name + "-journal";
}

[[nodiscard]] std::uint64_t randomNumber()
{
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number))
        throwSystemError(errno, "cannot get random octets for", "the journal");
    return number;
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
      _bootId(settings.bootId),
      _checkpointAfter(settings.checkpointAfter),
      _patience(settings.patience),
      _uses{Use(prefix + ".0", settings.segmentOctets), Use(prefix + ".1", settings.segmentOctets)},
      _device(deviceOf(prefix + ".0"))
{
    _finished.reserve(_uses.size());
}

Journal::~Journal()
{
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _isStopping = true;
        _changed.notify_all();
    }
    if (_checkpoints.joinable())
        _checkpoints.join();
}

/// \return false if another process has it
bool Journal::start(const Settings& settings, const Restore& restore)
{
    if (!_uses[0].segment.tryLock() || !_uses[1].segment.tryLock())
        return false;
    const std::size_t restored =
        recover({&_uses[0].segment, &_uses[1].segment}, settings.bootId, settings.storage, restore);
    if (restored != 0)
        settings.log.notice("the machine went down without a checkpoint: looked after " +
                            std::to_string(restored) + " transactions of the journal " +
                            _uses[0].segment.path());
    _checkpoints = std::thread([this] { runCheckpoints(); });
    return true;
}

bool Journal::isUsable() const
{
    return !_isBroken && _uses[0].segment.isInPlace() && _uses[1].segment.isInPlace();
}

std::optional<Journal::Entry> Journal::append(std::string_view payload)
{
    if (payload.size() + recordHeaderOctets > batchOctets)
        return std::nullopt;
    Ticket ticket;
    ticket.payload = payload;
    ticket.checksum = checksum(payload);
    Lock lock(_mutex);
    if (_isBroken)
        return std::nullopt;
    _waiting.push_back(&ticket);
    while (ticket.outcome == Outcome::Waiting)
    {
        if (_isBusy)
            ticket.wake.wait(lock);
        else
            lead(lock);
    }
    if (ticket.outcome != Outcome::Stored)
        return std::nullopt;
    return Entry(*this, ticket.segment, ticket.id);
}

void Journal::release(std::size_t segment) noexcept
{
    const std::lock_guard<std::mutex> lock(_mutex);
    Use& use = _uses[segment];
    if (--use.entries == 0 && use.state == Use::State::Closed)
        _changed.notify_all();
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

/// Whoever finds nobody at work writes for all that wait; who comes meanwhile waits for the next
/// batch, which the first of them leads. Whatever happens, all of the batch are told.
void Journal::lead(Lock& lock) noexcept
{
    _isBusy = true;
    Batch batch;
    Outcome outcome = Outcome::Refused;
    try
    {
        takeBatch(batch);
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
    for (Ticket* ticket : batch.tickets)
    {
        ticket->outcome = outcome;
        ticket->wake.notify_one(); // under the mutex: afterwards the ticket may be gone
    }
    _isBusy = false;
    if (!_waiting.empty())
        _waiting.front()->wake.notify_one();
}

/// A ticket is in one of the two lists, whatever cannot be allocated. A cancellation stays until it
/// is durable.
void Journal::takeBatch(Batch& batch)
{
    batch.tickets.reserve(std::min(_waiting.size(), batchTickets));
    auto end = _waiting.begin();
    for (; end != _waiting.end(); ++end)
    {
        const std::uint64_t octets = recordHeaderOctets + (*end)->payload.size();
        if (batch.tickets.size() == batchTickets ||
            (batch.octets + octets > batchOctets && !batch.tickets.empty()))
            break;
        batch.tickets.push_back(*end);
        batch.octets += octets;
    }
    _waiting.erase(_waiting.begin(), end);
    const std::size_t cancellations = std::min(_cancelled.size(), batchTickets / 2);
    for (std::size_t i = 0; i < cancellations; ++i)
    {
        FilesRecord record;
        record.replaces = _cancelled[i];
        encode(record, batch.cancellations.emplace_back());
        batch.octets += recordHeaderOctets + batch.cancellations.back().size();
    }
}

Journal::Outcome Journal::write(Batch& batch, Lock& lock)
{
    Use* const use = useFor(batch.octets, lock);
    if (use == nullptr)
        return Outcome::Refused;
    std::vector<iovec> parts = partsOf(batch, *use);
    use->entries += batch.tickets.size();
    lock.unlock();
    const bool isStored = store(use->segment, batch, parts);
    lock.lock();
    if (!isStored)
    {
        use->entries -= batch.tickets.size();
        return Outcome::Refused;
    }
    _cancelled.erase(_cancelled.begin(),
                     _cancelled.begin() + static_cast<std::ptrdiff_t>(batch.cancellations.size()));
    return Outcome::Stored;
}

/// The open segment, or the other one if that is full; waits a while for its checkpoint.
/// \return nullptr if none has room
Journal::Use* Journal::useFor(std::uint64_t octets, Lock& lock)
{
    const auto deadline = std::chrono::steady_clock::now() + _patience;
    while (!_isBroken)
    {
        if (Use* const open = findOpen(octets))
            return open;
        if (_isStalled || _changed.wait_until(lock, deadline) == std::cv_status::timeout)
            break;
    }
    Use* const open = _isBroken ? nullptr : findOpen(octets);
    _isStalled = open == nullptr;
    return open;
}

Journal::Use* Journal::findOpen(std::uint64_t octets)
{
    for (Use& use : _uses)
    {
        if (use.state == Use::State::Open && use.segment.room() >= wholeBlocks(octets))
            return &use;
    }
    for (Use& use : _uses)
    {
        if (use.state == Use::State::Open)
            close(use);
    }
    for (Use& use : _uses)
    {
        if (use.state != Use::State::Free)
            continue;
        use.segment.begin({_lastSequence + 1, randomNumber(), _bootId, false});
        ++_lastSequence;
        use.state = Use::State::Open;
        use.since = std::chrono::steady_clock::now();
        _changed.notify_all(); // the checkpoint of this one has a time now
        return &use;
    }
    return nullptr;
}

void Journal::close(Use& use)
{
    use.state = Use::State::Closed;
    _changed.notify_all();
}

/// Ids go up in the order of the records.
std::vector<iovec> Journal::partsOf(Batch& batch, const Use& use)
{
    const auto part = [](const char* data, std::size_t size) {
        return iovec{const_cast<char*>(data), size};
    };
    std::vector<iovec> parts;
    parts.reserve(2 * (batch.tickets.size() + batch.cancellations.size()) + 1);
    batch.headers.reserve(batch.cancellations.size());
    const std::uint64_t key = use.segment.header().key;
    for (const std::string& payload : batch.cancellations)
    {
        batch.headers.push_back(makeRecordHeader(
            key, ++_lastId, static_cast<std::uint32_t>(payload.size()), checksum(payload)));
        parts.push_back(part(batch.headers.back().data(), recordHeaderOctets));
        parts.push_back(part(payload.data(), payload.size()));
    }
    for (Ticket* ticket : batch.tickets)
    {
        ticket->segment = static_cast<std::size_t>(&use - _uses.data());
        ticket->id = ++_lastId;
        ticket->header = makeRecordHeader(
            key, ticket->id, static_cast<std::uint32_t>(ticket->payload.size()), ticket->checksum);
        parts.push_back(part(ticket->header.data(), ticket->header.size()));
        parts.push_back(part(ticket->payload.data(), ticket->payload.size()));
    }
    return parts;
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
            _users.borrow().log().error(error.what() + std::string(isFull ? sayFull : ""));
        if (isFull)
            return false;
    }
    catch (const std::exception& error)
    {
        _users.borrow().log().error(error.what());
        return false;
    }
    const std::lock_guard<std::mutex> lock(_mutex);
    _isBroken = true;
    return false;
}

/// The thread of the checkpoints.
void Journal::runCheckpoints() noexcept
{
    Lock lock(_mutex);
    while (true)
    {
        closeOld();
        const std::vector<Use*>& uses = finished();
        if (!uses.empty())
            checkpoint(uses, lock);
        else if (_isStopping)
            return;
        else if (const auto next = nextCheckpoint(); next == decltype(next)::max())
            _changed.wait(lock);
        else
            _changed.wait_until(lock, next);
    }
}

std::chrono::steady_clock::time_point Journal::nextCheckpoint() const
{
    auto next = std::chrono::steady_clock::time_point::max();
    for (const Use& use : _uses)
    {
        if (use.state == Use::State::Open)
            next = std::min(next, use.since + _checkpointAfter);
    }
    return next;
}

/// A segment that takes a batch at this moment is looked at when that is over, at the next change
/// or second.
void Journal::closeOld()
{
    const auto now = std::chrono::steady_clock::now();
    for (Use& use : _uses)
    {
        if (use.state != Use::State::Open)
            continue;
        if (!_isStopping && now < use.since + _checkpointAfter)
            continue;
        if (_isBusy)
            use.since = now - _checkpointAfter + std::chrono::milliseconds(50);
        else
            close(use);
    }
}

/// Closed ones all of whose files are in place, the oldest first, and none while an older one is in
/// use: it may say that a record of that one no longer counts. There is room for all of them: the
/// thread of the checkpoints has nobody whom it could tell that there is no memory.
const std::vector<Journal::Use*>& Journal::finished() noexcept
{
    _finished.clear();
    for (Use& use : _uses)
    {
        if (use.state == Use::State::Open || use.state == Use::State::Closed)
            _finished.push_back(&use);
    }
    std::sort(_finished.begin(),
              _finished.end(),
              [](const Use* left, const Use* right)
              { return left->segment.header().sequence < right->segment.header().sequence; });
    const auto isUnfinished = [](const Use* use)
    { return use->state == Use::State::Open || use->entries != 0; };
    _finished.erase(std::find_if(_finished.begin(), _finished.end(), isUnfinished),
                    _finished.end());
    return _finished;
}

/// Behind a checkpoint that has failed, none is to be believed: the kernel tells of what it could
/// not write only once.
void Journal::checkpoint(const std::vector<Use*>& uses, Lock& lock)
{
    lock.unlock();
    bool isDone = false;
    try
    {
        if (_hasFailed)
            throw std::runtime_error("an earlier checkpoint has failed");
        const Users::Borrowed user = _users.borrow();
        uses.front()->segment.syncFileSystem(user.storage());
        for (Use* use : uses)
            use->segment.end(user.storage());
        isDone = true;
    }
    catch (const std::exception& error)
    {
        _hasFailed = true;
        giveUp(uses, error.what());
    }
    lock.lock();
    _isBroken = _isBroken || !isDone;
    _isStalled = false;
    for (Use* use : uses)
        use->state = isDone ? Use::State::Free : Use::State::Kept;
    _changed.notify_all();
}

/// The kernel could not write what it had taken. The records stay for the next start, which writes
/// all of it anew.
void Journal::giveUp(const std::vector<Use*>& uses, const char* reason) noexcept
{
    const Users::Borrowed user = _users.borrow();
    user.log().error(reason);
    user.log().error("a checkpoint has failed: mail of the last seconds may be in memory only; it "
                     "stays in the journal and is written anew at the next start: look after the "
                     "disk, then restart");
    user.log().error(uses.front()->segment.path());
    for (Use* use : uses)
    {
        try
        {
            use->segment.distrust(user.storage());
        }
        catch (const std::exception& error)
        {
            user.log().error(error.what());
        }
    }
}

} // namespace mpsmtp::store::journal
