#include "bench/bare/GroupCommit.h"

#include <utility>

namespace mpsmtp::bench
{

GroupCommit::GroupCommit(std::function<void()> call) : _call(std::move(call)) {}

void GroupCommit::sync()
{
    std::unique_lock lock(_mutex);
    const std::uint64_t mine = ++_asked;
    while (_durable < mine)
    {
        if (_isRunning)
            _changed.wait(lock);
        else
            lead(lock);
    }
}

void GroupCommit::lead(std::unique_lock<std::mutex>& lock)
{
    const std::uint64_t covered = _asked;
    _isRunning = true;
    lock.unlock();
    try
    {
        _call();
    }
    catch (...)
    {
        lock.lock();
        _isRunning = false;
        _changed.notify_all();
        throw;
    }
    lock.lock();
    _isRunning = false;
    _durable = covered;
    ++_calls;
    _changed.notify_all();
}

std::uint64_t GroupCommit::calls() const
{
    const std::lock_guard lock(_mutex);
    return _calls;
}

} // namespace mpsmtp::bench
