// What all connections of one server share.
// Thread safety: [any].
#pragma once

#include "net/Admission.h"
#include "net/ConnectionRegistry.h"
#include "net/LogLimit.h"
#include "net/Refusal.h"
#include "net/SmtpServer.h"

#include <Poco/Logger.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

namespace mpsmtp::net
{

struct ServerContext
{
    ServerContext(ServerConfig serverConfig, SinkFactory sinkFactory)
        : config(std::move(serverConfig)),
          sinks(std::move(sinkFactory)),
          refusals(config.hostname),
          log(Poco::Logger::get("net")),
          // A connection without a thread would wait without a greeting, so there are no more of
          // them than threads.
          admission(std::min(config.connections, config.threads), config.connectionsPerClient),
          registry(refusals.full)
    {
    }

    const ServerConfig config;
    const SinkFactory sinks;
    const RefusalTexts refusals;
    Poco::Logger& log;
    LogLimit faults;
    Admission admission;
    ConnectionRegistry registry;
    std::atomic<std::uint64_t> lastSession{0};
};

} // namespace mpsmtp::net
