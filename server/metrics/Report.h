// Every metric that the server has, with its name and its one sentence; docs/metrics.md lists the same, and a test compares
// the two. Names after https://prometheus.io/docs/practices/naming/.
// Thread safety: [any].
#pragma once

#include "metrics/Exposition.h"
#include "metrics/Metrics.h"

#include <cstdint>
#include <string>

namespace mpsmtp::metrics
{

/// What the program is made of.
struct Build
{
    std::string version;
    std::string compiler;
    std::string poco;
};

/// What the system says of the process, by the names that Prometheus' own clients use.
struct Process
{
    double cpuSeconds = 0;
    double startTimeSeconds = 0; ///< since 1970
    std::uint64_t residentOctets = 0;
    std::uint64_t virtualOctets = 0;
    std::uint64_t openDescriptors = 0;
    std::uint64_t mostDescriptors = 0;
    std::uint64_t threads = 0;
};

void report(const Metrics& metrics, Exposition& to);
void report(const Build& build, Exposition& to);
void report(const Process& process, Exposition& to);

} // namespace mpsmtp::metrics
