// How long those who log wait for a log that takes nothing: a second together, not each, and then not at all until it takes
// something again. So a terminal that was scrolled loses no line, and a reader that hangs stops no mail.
// Thread safety: [connection]; whoever has one guards it, as patiently() does.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <optional>

namespace mpsmtp::app
{

class Stall
{
public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::milliseconds patience{1000};

    /// Nothing was taken at `now`. \return how long to wait before another attempt; 0: give the line up
    [[nodiscard]] std::chrono::milliseconds wait(Clock::time_point now) noexcept
    {
        if (!_since)
            _since = now;
        const auto left =
            patience - std::chrono::duration_cast<std::chrono::milliseconds>(now - *_since);
        return std::max(left, std::chrono::milliseconds(0));
    }

    /// Something was taken.
    void end() noexcept { _since.reset(); }

private:
    std::optional<Clock::time_point> _since;
};

/// Tries until it succeeds, fails, or the time is up; nobody holds the mutex while waiting.
/// \param mutex guards `stall`, and whatever `attempt` does
/// \param attempt 0, or errno; EAGAIN: wait and try again
/// \param await waits at most so long for room; without the mutex
/// \return what `attempt` did
template <class Attempt, class Await>
[[nodiscard]] int patiently(std::mutex& mutex, Stall& stall, Attempt attempt, Await await)
{
    for (;;)
    {
        std::chrono::milliseconds patience{0};
        {
            const std::lock_guard lock(mutex);
            const int error = attempt();
            if (error == 0)
                stall.end();
            if (error == EAGAIN)
                patience = stall.wait(Stall::Clock::now());
            if (error != EAGAIN || patience.count() == 0)
                return error;
        }
        await(patience);
    }
}

} // namespace mpsmtp::app
