#include "bench/base/Measure.h"

#include <sys/resource.h>

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] double secondsOf(const timeval& time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

} // namespace

double cpuSeconds()
{
    rusage usage{};
    (void)::getrusage(RUSAGE_SELF, &usage);
    return secondsOf(usage.ru_utime) + secondsOf(usage.ru_stime);
}

} // namespace mpsmtp::bench
