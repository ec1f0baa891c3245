// The monotonic clock to some 4 ms, read from the vdso in nanoseconds: cheap enough for each
// receive.
// Thread safety: [any].
#pragma once

#include <chrono>

#include <ctime>

namespace mpsmtp::net
{

struct CoarseClock
{
    using duration = std::chrono::milliseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<CoarseClock>;
    static constexpr bool is_steady = true;

    [[nodiscard]] static time_point now() noexcept
    {
        timespec t{};
        ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
        return time_point(std::chrono::duration_cast<duration>(
            std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec)));
    }
};

} // namespace mpsmtp::net
