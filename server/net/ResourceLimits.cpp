// See ResourceLimits.h.
#include "net/ResourceLimits.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string_view>

#include <sys/resource.h>

namespace mpsmtp::net
{

namespace
{

// The socket, and a file while a message is stored; more only for messages that several handlers
// store at once.
constexpr std::size_t descriptorsPerConnection = 2;
// Two thirds are for HTTP clients that say nothing, at all addresses together (http::Limits::lobby).
constexpr std::size_t ownDescriptors = 192;
constexpr std::size_t ownThreads = 64;
constexpr std::size_t mapsPerThread = 2; // the stack and its guard page
constexpr std::size_t ownMaps = 1000;

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

std::size_t resourceLimit(__rlimit_resource resource) noexcept
{
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return unlimited;
    return limit.rlim_cur;
}

std::size_t kernelSetting(const char* path)
{
    std::size_t value = 0;
    return std::ifstream(path) >> value ? value : unlimited;
}

/// Where the unified hierarchy has our group: "0::/system.slice/mpsmtpd.service".
std::string controlGroup()
{
    constexpr std::string_view unified = "0::";
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);)
        if (line.compare(0, unified.size(), unified) == 0)
            return line.substr(unified.size());
    return {};
}

} // namespace

std::size_t taskLimit(std::string group, const std::string& root)
{
    std::size_t least = unlimited;
    while (group.size() > 1)
    {
        // "max" is no number: no limit there.
        least = std::min(least, kernelSetting((root + group + "/pids.max").c_str()));
        group.erase(group.rfind('/'));
    }
    return least;
}

void raiseDescriptorLimit() noexcept
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::vector<std::string> tightLimits(std::size_t connections, std::size_t threads)
{
    struct Limit
    {
        const char* name;
        std::size_t value;
        std::size_t needed;
    };

    const std::size_t files = connections * descriptorsPerConnection + ownDescriptors;
    const std::size_t tasks = threads + ownThreads;
    const std::size_t maps = threads * mapsPerThread + ownMaps;
    const Limit limits[] = {
        {"open files (LimitNOFILE, ulimit -n)", resourceLimit(RLIMIT_NOFILE), files},
        {"pids.max of the control group (TasksMax)", taskLimit(controlGroup()), tasks},
        {"kernel.pid_max", kernelSetting("/proc/sys/kernel/pid_max"), tasks},
        {"kernel.threads-max", kernelSetting("/proc/sys/kernel/threads-max"), tasks},
        {"vm.max_map_count", kernelSetting("/proc/sys/vm/max_map_count"), maps},
    };
    std::vector<std::string> tight;
    for (const Limit& limit : limits)
    {
        if (limit.value < limit.needed)
            tight.push_back("the limit " + std::string(limit.name) + " is " +
                            std::to_string(limit.value) + ", but " + std::to_string(limit.needed) +
                            " may be needed; raise it or lower limits.connections");
    }
    return tight;
}

} // namespace mpsmtp::net
