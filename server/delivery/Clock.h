// The time, passed in so that tests decide it. Thread safety: [any].
#pragma once

#include <chrono>

namespace mpsmtp::delivery
{

class Clock
{
public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    /// The time of day.
    [[nodiscard]] virtual std::chrono::system_clock::time_point now()
    {
        return std::chrono::system_clock::now();
    }

    /// For durations: never set back.
    [[nodiscard]] virtual std::chrono::steady_clock::time_point steady()
    {
        return std::chrono::steady_clock::now();
    }
};

} // namespace mpsmtp::delivery
