// The octets and time-outs of one connection, for the metrics: kept here until there is something to tell, so that a receive
// costs an addition and no more.
// Thread safety: [connection].
#pragma once

#include "metrics/Metrics.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace mpsmtp::net
{

class ConnectionCounts
{
public:
    /// \param metrics nullptr: nobody wants to know
    explicit ConnectionCounts(metrics::Metrics* metrics) noexcept : _metrics(metrics) {}

    ConnectionCounts(const ConnectionCounts&) = delete;
    ConnectionCounts& operator=(const ConnectionCounts&) = delete;

    ~ConnectionCounts() { write(); }

    void received(std::size_t octets) noexcept
    {
        _received += octets;
        if (_received >= mostPending)
            write();
    }

    void sent(std::size_t octets) noexcept { _sent += octets; }

    void timeout(metrics::Timeout kind) noexcept
    {
        if (!_metrics)
            return;
        const metrics::Turn turn(_metrics->slots);
        _metrics->timeouts.add(turn, kind);
    }

private:
    /// A message that takes an hour shall be seen meanwhile.
    static constexpr std::uint64_t mostPending = 256u * 1024;

    void write() noexcept
    {
        using Octets = metrics::Metrics::Octets;
        if (!_metrics)
            return;
        const metrics::Turn turn(_metrics->slots);
        _metrics->octets.add(turn, Octets::Received, std::exchange(_received, 0));
        _metrics->octets.add(turn, Octets::Sent, std::exchange(_sent, 0));
    }

    metrics::Metrics* const _metrics;
    std::uint64_t _received = 0;
    std::uint64_t _sent = 0;
};

} // namespace mpsmtp::net
