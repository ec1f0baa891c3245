#include "common/journal/Journals.h"

#include "common/journal/Journal.h"

namespace mpsmtp::store::journal
{

/// A thread's time alone with one place.
class Journals::Turn
{
public:
    Turn(Journals& journals, const std::string& prefix)
        : _journals(journals), _place(taken(journals, prefix))
    {
    }

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    ~Turn()
    {
        const std::lock_guard<std::mutex> lock(_journals._mutex);
        _place.isTaken = false;
        _journals._changed.notify_all();
    }

    [[nodiscard]] std::weak_ptr<Journal>& journal() noexcept { return _place.journal; }

private:
    static Place& taken(Journals& journals, const std::string& prefix)
    {
        std::unique_lock<std::mutex> lock(journals._mutex);
        Place& place = journals._byPrefix[prefix];
        journals._changed.wait(lock, [&place] { return !place.isTaken; });
        place.isTaken = true;
        return place;
    }

    Journals& _journals;
    Place& _place;
};

Journals& Journals::ofProcess()
{
    static Journals journals;
    return journals;
}

std::shared_ptr<Journal> Journals::find(const std::string& prefix, const Open& open)
{
    Turn turn(*this, prefix);
    if (auto known = turn.journal().lock(); known && known->isUsable())
        return known;
    auto journal = open();
    if (journal)
        turn.journal() = journal;
    return journal;
}

} // namespace mpsmtp::store::journal
