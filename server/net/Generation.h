// What one configuration says to connections. A reload makes a new one and leaves the old one as it
// is: a connection keeps the generation that it was accepted by to its end, so that no session sees
// two configurations.
// Thread safety: [any] (immutable); the last connection to let go of a generation destroys it.
#pragma once

#include "metrics/Metrics.h"
#include "net/Refusal.h"
#include "net/SmtpServer.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace mpsmtp::net
{

struct Generation
{
    Generation(ServerConfig serverConfig, SinkFactory sinkFactory, metrics::Metrics& metrics)
        : config(std::move(serverConfig)), sinks(std::move(sinkFactory)), refusals(config.hostname)
    {
        for (const ListenerConfig& listener : config.listeners)
            _counts.push_back(&metrics.listener(listener.name));
    }

    /// \param listener in `config`
    [[nodiscard]] metrics::Listener& countsOf(const ListenerConfig& listener) const noexcept
    {
        return *_counts[static_cast<std::size_t>(&listener - config.listeners.data())];
    }

    const ServerConfig config;
    const SinkFactory sinks;
    const RefusalTexts refusals;

private:
    std::vector<metrics::Listener*> _counts; ///< of each of config.listeners
};

/// One listener as one generation has it.
struct Service
{
    std::shared_ptr<const Generation> generation;
    const ListenerConfig* listener; ///< in generation->config

    [[nodiscard]] metrics::Listener& counts() const noexcept
    {
        return generation->countsOf(*listener);
    }
};

} // namespace mpsmtp::net
