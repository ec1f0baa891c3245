// What this is and its thread safety: HandlerSlots.h.
#include "delivery/HandlerSlots.h"

namespace mpsmtp::delivery
{

bool HandlerSlots::take(std::chrono::milliseconds patience)
{
    if (_most == 0)
        return true;
    std::unique_lock lock(_mutex);
    if (!_free.wait_for(lock, patience, [this] { return _taken < _most; }))
        return false;
    ++_taken;
    return true;
}

void HandlerSlots::giveBack() noexcept
{
    if (_most == 0)
        return;
    {
        const std::lock_guard lock(_mutex);
        --_taken;
    }
    _free.notify_one();
}

} // namespace mpsmtp::delivery
