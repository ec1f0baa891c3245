// See Journal.h.
#include "Journal.h"

#include "Explorer.h"

#include <utility>

namespace mpsmtp::model
{

Journal::Journal(JournalDisk& disk, std::size_t capacity)
    : _disk(disk),
      _capacity(capacity),
      _checkpoints(start("checkpoint", [this] { makeCheckpoints(); }))
{
}

Journal::~Journal()
{
    stop();
    _checkpoints.join();
}

void Journal::stop()
{
    const std::lock_guard lock(_mutex);
    _stops = true;
    _room.notify_all();
    _work.notify_all();
}

bool Journal::append(std::size_t record)
{
    Lock lock(_mutex);
    if (_stops)
        return false;
    if (!_pending)
        _pending = std::make_shared<Batch>();
    const auto mine = _pending;
    mine->records.push_back(record);
    while (!mine->isDone)
    {
        if (_hasLeader)
            _batchIsDone.wait(lock);
        else
            lead(lock);
    }
    return mine->isDurable;
}

/// The batch is taken when there is room: who came while we waited for it is served too.
void Journal::lead(Lock& lock)
{
    _hasLeader = true;
    const bool hasRoom = awaitRoom(lock);
    const auto batch = std::exchange(_pending, nullptr);
    if (hasRoom)
        writeBatch(*batch, lock);
    finish(*batch);
}

void Journal::finish(Batch& batch)
{
    batch.isDone = true;
    _hasLeader = false;
    _batchIsDone.notify_all();
}

bool Journal::awaitRoom(Lock& lock)
{
    const std::size_t failuresBefore = _failures;
    while (_segments[_active].isSealed)
    {
        const std::size_t other = (_active + 1) % segments;
        if (!_segments[other].isSealed)
        {
            _active = other;
            return true;
        }
        if (_stops || _failures != failuresBefore)
            return false;
        _isWanted = true;
        _work.notify_one();
        _room.wait(lock);
    }
    return true;
}

/// Behind a write that failed nothing may be read, so that its segment takes no more.
void Journal::writeBatch(Batch& batch, Lock& lock)
{
    const std::size_t segment = _active;
    const bool isFirst = _segments[segment].used == 0;
    lock.unlock();
    const bool isDurable = _disk.write(segment, isFirst, batch.records);
    lock.lock();
    batch.isDurable = isDurable;
    _segments[segment].used += batch.records.size();
    if (!isDurable || _segments[segment].used >= _capacity)
        seal();
}

void Journal::seal()
{
    _segments[_active].isSealed = true;
    _isWanted = true;
    _work.notify_one();
}

void Journal::makeCheckpoints()
{
    Lock lock(_mutex);
    for (;;)
    {
        const bool isDue = _segments[_oldest].isSealed;
        if (isDue && (_isWanted || _stops))
            makeCheckpoint(lock);
        else if (!_stops)
            _work.wait(lock);
        else
            return;
        if (_stops && !_segments[_oldest].isSealed && !_hasLeader)
            return;
        if (_stops && _failures > 0)
            return;
    }
}

void Journal::makeCheckpoint(Lock& lock)
{
    const std::size_t segment = _oldest;
    _isWanted = false;
    lock.unlock();
    const bool isDone = _disk.checkpoint(segment);
    lock.lock();
    if (isDone)
    {
        _segments[segment] = Segment();
        _oldest = (_oldest + 1) % segments;
        _isWanted = _segments[_oldest].isSealed;
    }
    else
        ++_failures;
    _room.notify_all();
}

} // namespace mpsmtp::model
