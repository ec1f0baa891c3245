#include "common/journal/Users.h"

namespace mpsmtp::store::journal
{

Users::Place Users::join(const Storage& storage, const Log& log)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    return _users.insert(_users.end(), {storage, log, 0});
}

void Users::leave(Place place) noexcept
{
    std::unique_lock<std::mutex> lock(_mutex);
    _leaving.splice(_leaving.end(), _users, place);
    _unused.wait(lock, [place] { return place->uses == 0; });
    _leaving.erase(place);
}

/// The youngest: it stays longest.
Users::Place Users::take()
{
    const std::lock_guard<std::mutex> lock(_mutex);
    const Place place = std::prev(_users.end());
    ++place->uses;
    return place;
}

void Users::giveBack(Place place) noexcept
{
    const std::lock_guard<std::mutex> lock(_mutex);
    if (--place->uses == 0)
        _unused.notify_all();
}

} // namespace mpsmtp::store::journal
