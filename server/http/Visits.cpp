// What this is and its thread safety: Visits.h. A connection is ended by shutdown(2), which is allowed from any thread and wakes
// the one that waits; the mutex is held meanwhile so that the descriptor is open.
#include "http/Visits.h"

#include <algorithm>
#include <utility>

#include <sys/socket.h>

namespace mpsmtp::http
{

namespace
{

/// For a visit that was ended to be over; one that is inside a page takes a little longer.
constexpr std::chrono::milliseconds roomTimeout(200);

} // namespace

Visits::Visits(std::size_t most, std::chrono::milliseconds longest, std::chrono::milliseconds least)
    : _most(most), _longest(longest), _least(least), _thread([this] { watch(); })
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

Visits::Visit::Visit(Visits& visits, int fd, Clock::time_point since)
    : _visits(visits), _fd(fd), _begin(Clock::now()), _deadline(since + visits._longest)
{
    const std::lock_guard lock(_visits._mutex);
    _place = _visits._visits.insert(_visits._visits.end(), this);
    if (_visits._isClosing)
        _visits.cut(*this);
    _visits._changed.notify_all();
}

void Visits::Visit::answered()
{
    const std::lock_guard lock(_visits._mutex);
    _isAnswered = true;
    if (_visits._isClosing)
        _visits.cut(*this);
    _visits._changed.notify_all();
}

Visits::Visit::~Visit()
{
    end();
}

void Visits::Visit::end()
{
    const std::lock_guard lock(_visits._mutex);
    if (std::exchange(_isOver, true))
        return;
    _visits._visits.erase(_place);
    _visits._changed.notify_all();
}

void Visits::makeRoom()
{
    std::unique_lock lock(_mutex);
    const auto deadline = Clock::now() + roomTimeout;
    bool hasCut = false;
    // Nobody is handed over faster than visits end: POCO closes without a word what its queue has no room for.
    while (_visits.size() >= _most && Clock::now() < deadline)
    {
        auto next = deadline;
        if (Visit* const longest = hasCut ? nullptr : longestVisit())
        {
            if (longest->_isAnswered || Clock::now() - longest->_begin >= _least)
            {
                cut(*longest);
                hasCut = true;
            }
            else
                next = std::min(next, longest->_begin + _least);
        }
        _changed.wait_until(lock, next);
    }
}

/// Who has an answer and does not go, before all others. \return nullptr: all are cut
Visits::Visit* Visits::longestVisit() const noexcept
{
    Visit* longest = nullptr;
    for (Visit* each : _visits)
        if (!each->_isCut && (longest == nullptr || (each->_isAnswered && !longest->_isAnswered)))
            longest = each;
    return longest;
}

bool Visits::end(std::chrono::milliseconds grace, std::chrono::milliseconds patience)
{
    const auto isEmpty = [this] { return _visits.empty(); };
    std::unique_lock lock(_mutex);
    _isClosing = true;
    for (Visit* visit : _visits)
        if (visit->_isAnswered)
            cut(*visit);
    if (_changed.wait_for(lock, grace, isEmpty))
        return true;
    for (Visit* visit : _visits)
        cut(*visit);
    return _changed.wait_for(lock, patience, isEmpty);
}

void Visits::cut(Visit& visit) noexcept
{
    visit._isCut = true;
    ::shutdown(visit._fd, SHUT_RDWR);
}

/// Whose deadline comes first. \return nullptr: nobody's
Visits::Visit* Visits::nextToEnd() const noexcept
{
    Visit* next = nullptr;
    for (Visit* each : _visits)
        if (!each->_isCut && (next == nullptr || each->_deadline < next->_deadline))
            next = each;
    return next;
}

void Visits::watch()
{
    std::unique_lock lock(_mutex);
    while (!_isOver)
    {
        Visit* const next = nextToEnd();
        if (next == nullptr)
            _changed.wait(lock);
        else if (next->_deadline <= Clock::now())
            cut(*next);
        else
            _changed.wait_until(lock, Clock::time_point(next->_deadline));
    }
}

} // namespace mpsmtp::http
