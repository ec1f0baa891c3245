// The net room's front door: listeners, connections, limits, and the way down.
#pragma once

#include "metrics/Metrics.h"
#include "smtp/DialogObserver.h"
#include "smtp/Envelope.h"
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

/// Makes who hears a session (smtp/DialogObserver.h), or nullptr. Called by connection threads.
using ObserverFactory =
    std::function<std::unique_ptr<smtp::DialogObserver>(const smtp::SessionInfo&)>;

/// A `[listener:NAME]` section.
struct ListenerConfig
{
    std::string name;
    /// "127.0.0.1:8025", "[::1]:8025", "localhost:8025", "*:25", "unix:/run/x.sock" (Endpoint.h)
    std::vector<std::string> addresses;
    smtp::SessionOptions session;
};

struct ServerConfig
{
    std::string hostname;
    std::vector<ListenerConfig> listeners;
    std::size_t threads = 1000;     ///< most connections served at once
    std::size_t connections = 1000; ///< most connections open at once, all listeners together
    /// 0: no limit. An IPv6 client is its /64. Unix sockets are not counted.
    std::size_t connectionsPerClient = 0;
    std::chrono::milliseconds commandTimeout{300'000}; ///< RFC 5321 4.5.3.2.7
    /// For the whole mail data, plus what minDataRate allows.
    std::chrono::milliseconds dataTimeout{600'000};
    /// Octets a second that prolong dataTimeout; 0: never prolonged.
    std::uint64_t minDataRate = 1000;
    /// For transactions in progress when the server stops.
    std::chrono::milliseconds shutdownGrace{30'000};
    /// recv attempts with a yield between before a thread sleeps (docs/performance.md); 0: none
    unsigned spin = 8;
    ObserverFactory observers; ///< empty: nobody hears any
};

/// One sentence for each limit of the kernel that is too low for `config`; start() logs the same.
[[nodiscard]] std::vector<std::string> limitWarnings(const ServerConfig& config);

class SocketStock;

using SinkFactory = std::function<std::unique_ptr<smtp::MessageSink>()>;

/// Thread safety: [main].
class SmtpServer
{
public:
    /// `sinks` is called by connection threads, and destroyed by one of them when the last
    /// connection that it made a sink for has ended, and that sink with it; or by a later reload().
    /// \param stock sockets from elsewhere; outlives the server
    /// \param metrics if there are any: outlive the server
    SmtpServer(ServerConfig config,
               SinkFactory sinks,
               SocketStock& stock,
               metrics::Metrics* metrics = nullptr);

    SmtpServer(const SmtpServer&) = delete;
    SmtpServer& operator=(const SmtpServer&) = delete;

    /// Closes at once what shutDown() did not. Threads that hang in a handler even then are left
    /// alone, with all they use: end the process by _exit() when connections() is above 0 after
    /// shutDown().
    ~SmtpServer();

    /// Binds every address, and only then listens at all of them. Raises the limit of open files.
    /// To be called once.
    /// \throws std::system_error whose text names the address and says what to do (EADDRINUSE,
    /// EACCES, …)
    void start();

    /// Serves new connections by another configuration; those that are open end as they began.
    /// Addresses that stay keep their sockets, so that nobody who connects meanwhile is refused.
    /// New ones are bound before those that are not in `config` any more are closed.
    /// Between start() and shutDown().
    /// \throws std::system_error as start() does; connections then go on being served as before
    void reload(ServerConfig config, SinkFactory sinks);

    /// The addresses really bound ("127.0.0.1:40123" for port 0), in order of configuration.
    [[nodiscard]] std::vector<std::string> addresses() const;

    /// Whether clients are served, from the outside (Liveness.h): what does not go on, as a sentence, or "".
    /// To be called every few seconds at least, between start() and shutDown().
    /// \param handlerTime the longest that a client has to wait for a handler
    [[nodiscard]] std::string stall(std::chrono::milliseconds patience,
                                    std::chrono::milliseconds handlerTime);

    /// Stops accepting, answers 421 to clients between transactions, lets transactions end within
    /// the grace time, then cuts what is left. Idempotent.
    /// At an inherited socket nobody is refused: who is not accepted yet waits for the next process, and who has come within
    /// the last seconds may have a first transaction (Watch::spareUntil).
    /// \return the number of connections that were cut
    std::size_t shutDown();

    /// To be called every ten seconds: gives idle threads and their memory back.
    void collect();

    /// Connections being served now.
    [[nodiscard]] std::size_t connections() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> _impl;
};

} // namespace mpsmtp::net
