// What this is and its thread safety: Visits.h. A connection is ended by shutdown(2), which is allowed from any thread and wakes
// the one that waits; the mutex is held meanwhile so that the descriptor is open.
#include "http/Visits.h"

#include <algorithm>

#include <sys/socket.h>

namespace mpsmtp::http
{

using Clock = std::chrono::steady_clock;

namespace
{

/// For a visit that was ended to be over; one that is inside a page takes a little longer.
constexpr std::chrono::milliseconds roomTimeout(200);

} // namespace

Visits::Visits(std::size_t most, std::chrono::milliseconds longest)
    : _most(most), _longest(longest), _thread([this] { watch(); })
{
}

Visits::~Visits()
{
    {
        const std::lock_guard lock(_mutex);
        _isOver = true;
        _changed.notify_all();
    }
    _thread.join();
}

Visits::Visit::Visit(Visits& visits, int fd)
    : _visits(visits), _fd(fd), _deadline(Clock::now() + visits._longest)
{
    const std::lock_guard lock(_visits._mutex);
    _place = _visits._visits.insert(_visits._visits.end(), this);
    if (_visits._isClosing)
        _visits.cut(*this);
    _visits._changed.notify_all();
}

Visits::Visit::~Visit()
{
    const std::lock_guard lock(_visits._mutex);
    _visits._visits.erase(_place);
    _visits._changed.notify_all();
}

void Visits::makeRoom()
{
    std::unique_lock lock(_mutex);
    if (_visits.size() < _most)
        return;
    const auto oldest = std::find_if(
        _visits.begin(), _visits.end(), [](const Visit* each) { return !each->_isCut; });
    if (oldest != _visits.end())
        cut(**oldest);
    // Whoever accepts goes no faster than visits end: a burst waits in the kernel's queue, where nobody is dropped.
    _changed.wait_for(lock, roomTimeout, [this] { return _visits.size() < _most; });
}

void Visits::cutAll()
{
    const std::lock_guard lock(_mutex);
    _isClosing = true;
    for (Visit* visit : _visits)
        cut(*visit);
}

bool Visits::awaitEmpty(std::chrono::milliseconds patience)
{
    std::unique_lock lock(_mutex);
    return _changed.wait_for(lock, patience, [this] { return _visits.empty(); });
}

void Visits::cut(Visit& visit) noexcept
{
    visit._isCut = true;
    ::shutdown(visit._fd, SHUT_RDWR);
}

void Visits::watch()
{
    std::unique_lock lock(_mutex);
    while (!_isOver)
    {
        const auto next = std::find_if(
            _visits.begin(), _visits.end(), [](const Visit* each) { return !each->_isCut; });
        if (next == _visits.end())
            _changed.wait(lock);
        else if ((*next)->_deadline <= Clock::now())
            cut(**next);
        else
            _changed.wait_until(lock, Clock::time_point((*next)->_deadline));
    }
}

} // namespace mpsmtp::http
