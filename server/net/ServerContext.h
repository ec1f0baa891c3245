// What all connections of one server share, whatever their generation: it lasts from start to stop.
// Thread safety: [any].
#pragma once

#include "net/Admission.h"
#include "net/ConnectionRegistry.h"
#include "net/Generation.h"
#include "net/LogLimit.h"

#include <Poco/Logger.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace mpsmtp::net
{

/// A connection without a thread would wait without a greeting, so there are no more of them than
/// threads.
[[nodiscard]] inline std::size_t mostConnections(const ServerConfig& config) noexcept
{
    return std::min(config.connections, config.threads);
}

struct ServerContext
{
    explicit ServerContext(const Generation& first)
        : log(Poco::Logger::get("net")),
          admission(mostConnections(first.config), first.config.connectionsPerClient),
          registry(first.refusals.full)
    {
    }

    Poco::Logger& log;
    LogLimit faults;
    Admission admission;
    ConnectionRegistry registry;
    std::atomic<std::uint64_t> lastSession{0};
};

} // namespace mpsmtp::net
