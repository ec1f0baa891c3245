// The net room's front door: listeners, connections, limits, and the way down.
#pragma once

#include "smtp/MessageSink.h"
#include "smtp/SessionOptions.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mpsmtp::net
{

/// A `[listener:NAME]` section.
struct ListenerConfig
{
    std::string name;
    std::vector<std::string> addresses; ///< "127.0.0.1:8025", "[::1]:8025", "localhost:8025", "*:25", "unix:/run/x.sock"
    smtp::SessionOptions session;
};

struct ServerConfig
{
    std::string hostname;
    std::vector<ListenerConfig> listeners;
    std::size_t threads = 1000;              ///< most connections served at once
    std::size_t connections = 1000;          ///< most connections open at once, all listeners together
    std::size_t connectionsPerClient = 0;    ///< 0: no limit; Unix sockets are not counted
    std::chrono::milliseconds commandTimeout{300'000}; ///< RFC 5321 4.5.3.2.7
    std::chrono::milliseconds dataTimeout{600'000};    ///< for the whole mail data, plus what minDataRate allows
    std::uint64_t minDataRate = 1000;        ///< octets a second that prolong dataTimeout; 0: never prolonged
    std::chrono::milliseconds shutdownGrace{30'000};
    unsigned spin = 8; ///< recv attempts with a yield between before a thread sleeps (docs/performance.md); 0: none
};

using SinkFactory = std::function<std::unique_ptr<smtp::MessageSink>()>;

/// Thread safety: [main].
class SmtpServer
{
public:
    /// `sinks` is called by connection threads.
    SmtpServer(ServerConfig config, SinkFactory sinks);

    /// Closes at once what shutDown() did not.
    ~SmtpServer();

    /// Binds every address and listens.
    /// \throws std::system_error whose text names the address and says what to do (EADDRINUSE, EACCES, …)
    void start();

    /// The addresses really bound ("127.0.0.1:40123" for port 0), in order of configuration.
    [[nodiscard]] std::vector<std::string> addresses() const;

    /// Stops accepting, answers 421 to clients between transactions, lets transactions end within the grace time, then
    /// cuts what is left.
    /// \return the number of connections that were cut
    std::size_t shutDown();

    /// To be called every half minute: gives idle threads and their memory back.
    void collect();

    /// Connections being served now.
    [[nodiscard]] std::size_t connections() const noexcept;
};

} // namespace mpsmtp::net
