#include "mbox/Backoff.h"

#include <algorithm>
#include <thread>

namespace mpsmtp::mbox
{

Backoff::Backoff(std::chrono::milliseconds limit)
    : _deadline(std::chrono::steady_clock::now() + limit)
{
}

bool Backoff::wait()
{
    const auto now = std::chrono::steady_clock::now();
    if (now >= _deadline)
        return false;
    std::this_thread::sleep_until(std::min(_deadline, now + _pause));
    _pause = std::min(_pause * 2, std::chrono::milliseconds(100));
    return true;
}

} // namespace mpsmtp::mbox
