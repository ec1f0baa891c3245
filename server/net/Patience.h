// How long the server waits for a client's next octets (RFC 5321 4.5.3.2): a deadline for each
// command as a whole, and for mail data a total that grows with what arrives, plus a limit for
// silence. A client that sends an octet a minute prolongs nothing. Knows no socket and no clock.
// Thread safety: [connection].
#pragma once

#include "net/CoarseClock.h"
#include "smtp/Dialog.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mpsmtp::net
{

struct PatienceLimits
{
    std::chrono::milliseconds command;
    std::chrono::milliseconds data;
    std::uint64_t minDataRate; ///< octets a second that prolong `data`; 0: none do
};

class Patience
{
public:
    explicit Patience(const PatienceLimits& limits) noexcept : _limits(limits) {}

    /// The server begins to wait: for a command, or for the data of one message or chunk.
    void begin(smtp::Awaiting awaiting, CoarseClock::time_point now) noexcept;

    /// `octets` came; prolongs the wait for mail data, never that for a command.
    void received(std::size_t octets, CoarseClock::time_point now) noexcept;

    [[nodiscard]] smtp::Awaiting awaiting() const noexcept { return _awaiting; }

    [[nodiscard]] CoarseClock::time_point deadline() const noexcept;

private:
    [[nodiscard]] std::chrono::milliseconds earned() const noexcept;

    const PatienceLimits _limits;
    smtp::Awaiting _awaiting = smtp::Awaiting::Command;
    CoarseClock::time_point _begin;
    CoarseClock::time_point _lastOctet;
    std::uint64_t _octets = 0;
};

} // namespace mpsmtp::net
