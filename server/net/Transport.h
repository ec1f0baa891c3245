// Octets to and from one client. Plain sockets here; TLS is one more implementation.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace mpsmtp::net
{

enum class IoStatus
{
    Done,       ///< something was moved
    EndOfInput, ///< the client has half-closed, or the server has ended this connection's reading
    Failed      ///< reset, broken pipe, timeout of a send
};

struct Received
{
    IoStatus status;
    std::size_t octets; ///< above 0 if status is Done
};

/// Blocking. Deadlines come from outside: the registry's reaper shuts the descriptor down, which
/// ends a blocked call.
/// Thread safety: [connection].
class Transport
{
public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    /// Waits for at least one octet.
    [[nodiscard]] virtual Received receive(char* data, std::size_t size) = 0;

    /// Sends all of it.
    [[nodiscard]] virtual IoStatus send(std::string_view octets) = 0;

    /// Nothing more will be sent. Reads and discards what the client still sends, until it closes
    /// but for `patience` at most: closing with octets unread makes TCP reset the connection, which
    /// can destroy the last reply on its way.
    virtual void finish(std::chrono::milliseconds patience) noexcept = 0;
};

} // namespace mpsmtp::net
