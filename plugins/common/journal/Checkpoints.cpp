// What this is and its thread safety: Checkpoints.h.
#include "common/journal/Checkpoints.h"

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace mpsmtp::store::journal
{

Checkpoints::Checkpoints(SegmentPair& segments,
                         std::mutex& mutex,
                         Users& users,
                         std::chrono::milliseconds after)
    : _segments(segments), _mutex(mutex), _users(users), _after(after)
{
    _finished.reserve(segments.uses().size());
}

Checkpoints::~Checkpoints()
{
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _isStopping = true;
        _segments.announce();
    }
    if (_thread.joinable())
        _thread.join();
}

void Checkpoints::start()
{
    _thread = std::thread([this] { run(); });
}

void Checkpoints::run() noexcept
{
    Lock lock(_mutex);
    while (true)
    {
        closeOld();
        const std::vector<Use*>& uses = finished();
        if (!uses.empty())
            make(uses, lock);
        else if (_isStopping)
            return;
        else if (const auto next = nextTime(); next == Clock::time_point::max())
            _segments.waitForChange(lock);
        else
            _segments.waitForChange(lock, next);
    }
}

Checkpoints::Clock::time_point Checkpoints::nextTime() const
{
    auto next = Clock::time_point::max();
    for (const Use& use : _segments.uses())
    {
        if (use.state == Use::State::Open)
            next = std::min(next, use.since + _after);
    }
    return next;
}

/// A segment that takes a batch at this moment is looked at when that is over, at the next change
/// or moment.
void Checkpoints::closeOld()
{
    const auto now = Clock::now();
    for (Use& use : _segments.uses())
    {
        if (use.state != Use::State::Open)
            continue;
        if (!_isStopping && now < use.since + _after)
            continue;
        if (use.isTaking)
            use.since = now - _after + std::chrono::milliseconds(50);
        else
            _segments.close(use);
    }
}

/// Closed ones all of whose files are in place, the oldest first, and none while an older one is in
/// use: it may say that a record of that one no longer counts. There is room for all of them: the
/// thread has nobody whom it could tell that there is no memory.
const std::vector<SegmentPair::Use*>& Checkpoints::finished() noexcept
{
    _finished.clear();
    for (Use& use : _segments.uses())
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
void Checkpoints::make(const std::vector<Use*>& uses, Lock& lock)
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
    if (!isDone)
        _segments.refuse();
    for (Use* use : uses)
        use->state = isDone ? Use::State::Free : Use::State::Kept;
    _segments.checkpointed();
}

/// The kernel could not write what it had taken. The records stay for the next start, which writes
/// all of it anew.
void Checkpoints::giveUp(const std::vector<Use*>& uses, const char* reason) noexcept
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
