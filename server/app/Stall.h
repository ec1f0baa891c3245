// How long those who log wait for a log that takes nothing: a second together, not each, and then not at all until it takes
// something again. So a terminal that was scrolled loses no line, and a reader that hangs stops no mail.
// Thread safety: [connection]; whoever has one guards it.
#pragma once

#include <algorithm>
#include <chrono>
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

} // namespace mpsmtp::app
