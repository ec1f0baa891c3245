// Time, and the processor time of this process.
// Thread safety: [any].
#pragma once

#include <chrono>

namespace mpsmtp::bench
{

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double secondsSince(Clock::time_point begin)
{
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// User and system time of all threads of this process, in seconds.
[[nodiscard]] double cpuSeconds();

} // namespace mpsmtp::bench
