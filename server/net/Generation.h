// What one configuration says to connections. A reload makes a new one and leaves the old one as it
// is: a connection keeps the generation that it was accepted by to its end, so that no session sees
// two configurations.
// Thread safety: [any] (immutable); the last connection to let go of a generation destroys it.
#pragma once

#include "net/Refusal.h"
#include "net/SmtpServer.h"

#include <memory>
#include <utility>

namespace mpsmtp::net
{

struct Generation
{
    Generation(ServerConfig serverConfig, SinkFactory sinkFactory)
        : config(std::move(serverConfig)), sinks(std::move(sinkFactory)), refusals(config.hostname)
    {
    }

    const ServerConfig config;
    const SinkFactory sinks;
    const RefusalTexts refusals;
};

/// One listener as one generation has it.
struct Service
{
    std::shared_ptr<const Generation> generation;
    const ListenerConfig* listener; ///< in generation->config
};

} // namespace mpsmtp::net
