// See ConnectionRegistry.h. The mutex is held while descriptors are shut down, so that none of them
// is closed, and its number used again, meanwhile.
#include "net/ConnectionRegistry.h"

#include <algorithm>
#include <utility>

namespace mpsmtp::net
{

void ConnectionRegistry::setRefusal(std::string refusal)
{
    const std::lock_guard lock(_mutex);
    _refusal = std::move(refusal);
}

std::size_t ConnectionRegistry::size() const
{
    const std::lock_guard lock(_mutex);
    return _watches.size();
}

void ConnectionRegistry::sweep(CoarseClock::time_point now)
{
    const std::lock_guard lock(_mutex);
    _sweeps.fetch_add(1, std::memory_order_relaxed);
    for (Watch* watch : _watches)
        watch->expire(now, _refusal);
    if (isShuttingDown())
        endSpares(now);
}

void ConnectionRegistry::endSpares(CoarseClock::time_point now)
{
    for (Watch* watch : _watches)
        if (watch->wasSparedUntil(now))
            watch->stopWaiting(now);
}

bool ConnectionRegistry::hasSparedInQueue() const
{
    const std::lock_guard lock(_mutex);
    return std::any_of(_watches.begin(),
                       _watches.end(),
                       [](const Watch* watch) { return watch->isSparedInQueue(); });
}

std::size_t ConnectionRegistry::hanging(CoarseClock::time_point now, CoarseClock::duration longest)
{
    const std::lock_guard lock(_mutex);
    return static_cast<std::size_t>(std::count_if(_watches.begin(),
                                                  _watches.end(),
                                                  [&](Watch* watch)
                                                  { return watch->hangs(now, longest); }));
}

bool ConnectionRegistry::awaitSweep(std::chrono::milliseconds interval)
{
    std::unique_lock lock(_mutex);
    _reaperSleeps = true;
    _work.wait(lock, [this] { return _retired || !_watches.empty(); });
    // Not to be woken by every connection that comes while there are none.
    _reaperSleeps = false;
    _work.wait_for(lock, interval, [this] { return _retired; });
    return !_retired;
}

void ConnectionRegistry::retire()
{
    const std::lock_guard lock(_mutex);
    _retired = true;
    _work.notify_all();
}

void ConnectionRegistry::beginShutdown()
{
    _shuttingDown.store(true);
    const std::lock_guard lock(_mutex);
    for (Watch* watch : _watches)
        watch->stopWaiting(CoarseClock::now());
}

bool ConnectionRegistry::awaitEmpty(std::chrono::milliseconds grace)
{
    std::unique_lock lock(_mutex);
    return _empty.wait_for(lock, grace, [this] { return _watches.empty(); });
}

std::size_t ConnectionRegistry::cutAll()
{
    const std::lock_guard lock(_mutex);
    for (Watch* watch : _watches)
        watch->cut();
    return _watches.size();
}

void ConnectionRegistry::add(Watch& watch)
{
    const std::lock_guard lock(_mutex);
    watch._position = _watches.insert(_watches.end(), &watch);
    if (_reaperSleeps)
        _work.notify_one();
}

void ConnectionRegistry::remove(Watch& watch) noexcept
{
    const std::lock_guard lock(_mutex);
    _watches.erase(watch._position);
    if (_watches.empty() && isShuttingDown())
        _empty.notify_all();
}

} // namespace mpsmtp::net
