#include "common/journal/Journals.h"

namespace mpsmtp::store::journal
{

Journals& Journals::ofProcess()
{
    static Journals journals;
    return journals;
}

Journals::Turn::Turn(Journals& journals, const std::string& prefix)
    : _journals(journals), _place(taken(journals, prefix))
{
}

Journals::Turn::~Turn()
{
    const std::lock_guard<std::mutex> lock(_journals._mutex);
    _place.isTaken = false;
    _journals._changed.notify_all();
}

Journals::Place& Journals::Turn::taken(Journals& journals, const std::string& prefix)
{
    std::unique_lock<std::mutex> lock(journals._mutex);
    Place& place = journals._byPrefix[prefix];
    journals._changed.wait(lock, [&place] { return !place.isTaken; });
    place.isTaken = true;
    return place;
}

} // namespace mpsmtp::store::journal
