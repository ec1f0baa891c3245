// What the server tells the service manager that started it: datagrams to the Unix socket that NOTIFY_SOCKET names, as
// sd_notify(3) describes them, and the watchdog that the manager asks for (sd_watchdog_enabled(3)). Own code instead of
// libsystemd, since a datagram of text is all there is to it. Leaves to others: when, and whether the server is alive
// (net/Liveness.h).
// Thread safety: [main]; take() before any thread exists.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace mpsmtp::app
{

class ServiceManager
{
public:
    using Clock = std::chrono::steady_clock;

    /// Nobody is told.
    ServiceManager() = default;

    /// \param socket NOTIFY_SOCKET: a path, or "@" and an abstract name
    /// \param watchdog how long the manager waits for a sign of life; 0: it does not
    ServiceManager(std::string socket, std::chrono::microseconds watchdog) noexcept
        : _socket(std::move(socket)), _watchdog(watchdog)
    {
    }

    /// Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no child process speaks for us.
    [[nodiscard]] static ServiceManager take();

    /// Somebody asked to be told.
    [[nodiscard]] bool isThere() const noexcept { return !_socket.empty(); }

    /// The way up: it may take this long from now on.
    void starting(std::chrono::microseconds longest);

    /// Clients are served, with this as the status. Also ends reloading().
    void ready(const std::string& status);

    /// Another configuration is being read, which may take this long; signs of life are not to be expected meanwhile.
    void reloading(std::chrono::microseconds longest);

    /// The way down, or the rest of it: it may take this long from now on.
    void stopping(const std::string& status, std::chrono::microseconds longest);

    /// Something on this thread may take this long; alive() ends it.
    void busy(std::chrono::microseconds longest);

    /// One line for people; sent only when it has changed.
    void status(const std::string& text);

    /// A sign of life; due twice as often as the manager asks for one.
    void alive();

    /// When alive() is due, if the manager asks for it; else the end of time.
    [[nodiscard]] Clock::time_point nextSign() const noexcept { return _nextSign; }

    /// How long what serves may stand still, before no sign is to be given. Long enough for a machine that is busy.
    [[nodiscard]] std::chrono::milliseconds patience() const noexcept;

private:
    [[nodiscard]] bool hasWatchdog() const noexcept { return _watchdog.count() > 0; }

    [[nodiscard]] std::string watchdogLine(std::chrono::microseconds longest) const;
    void send(const std::string& lines);

    std::string _socket; ///< "": nobody listens
    std::chrono::microseconds _watchdog{0};
    Clock::time_point _nextSign = Clock::time_point::max();
    std::string _status;
    bool _isDeaf = false; ///< the failure has been logged
};

} // namespace mpsmtp::app
