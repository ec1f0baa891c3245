// A whole run of the load generator: idle connections, workers, their results in one.
// Thread safety: [main].
#pragma once

#include "bench/base/Json.h"
#include "bench/load/LoadPlan.h"
#include "bench/load/Tally.h"

namespace mpsmtp::bench
{

struct LoadResult
{
    Tally tally;
    double seconds =
        0; ///< from the first connect() to the last reply; without the idle connections' opening
    double cpuSeconds = 0; ///< of this process in that time
};

/// \throws UsageMistake, std::system_error, std::runtime_error
[[nodiscard]] LoadResult performLoad(const LoadPlan& plan);

/// What the program prints.
[[nodiscard]] Json reportOf(const LoadPlan& plan, const LoadResult& result);

} // namespace mpsmtp::bench
