// What all connections of one server share, whatever their generation: it lasts from start to stop.
// Thread safety: [any].
#pragma once

#include "metrics/Metrics.h"
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
    ServerContext(const Generation& first, metrics::Metrics& counts)
        : metrics(counts),
          log(Poco::Logger::get("net")),
          admission(mostConnections(first.config), first.config.connectionsPerClient),
          registry(first.refusals.full)
    {
    }

    /// Writes down an event of one connection.
    void count(metrics::Listener& listener, metrics::Listener::Event event) noexcept
    {
        const metrics::Turn turn(metrics.slots);
        listener.events.add(turn, event);
    }

    void count(metrics::Listener& listener, metrics::Refusal reason) noexcept
    {
        const metrics::Turn turn(metrics.slots);
        listener.refusals.add(turn, reason);
    }

    void count(metrics::Timeout kind) noexcept
    {
        const metrics::Turn turn(metrics.slots);
        metrics.timeouts.add(turn, kind);
    }

    metrics::Metrics& metrics;
    Poco::Logger& log;
    LogLimit faults;
    Admission admission;
    ConnectionRegistry registry;
    std::atomic<std::uint64_t> lastSession{0};
};

} // namespace mpsmtp::net
