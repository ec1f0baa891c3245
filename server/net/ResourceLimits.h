// The kernel's limits that a server of many threads meets first.
// Thread safety: [main].
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mpsmtp::net
{

/// Raises the limit of open files to what an unprivileged process may.
void raiseDescriptorLimit() noexcept;

/// The least `pids.max` of a control group and those above it: systemd's TasksMax, a container's limit.
/// \param group as in /proc/self/cgroup; "" for none
[[nodiscard]] std::size_t taskLimit(std::string group, const std::string& root = "/sys/fs/cgroup");

/// One sentence for each limit that `connections` and `threads` may exceed, with its value.
[[nodiscard]] std::vector<std::string> tightLimits(std::size_t connections, std::size_t threads);

} // namespace mpsmtp::net
