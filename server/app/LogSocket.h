// Datagrams to a log daemon's Unix socket: journald's or syslog's. Connected anew when the daemon was started anew. What is
// too large for a datagram goes as a sealed file in memory, whose descriptor is sent (systemd's "Native Journal Protocol").
// Leaves to others: what is in a datagram; what becomes of one that cannot be sent.
// Thread safety: [any].
#pragma once

#include "app/Stall.h"

#include <mutex>
#include <string>
#include <string_view>

namespace mpsmtp::app
{

class LogSocket
{
public:
    enum class Large
    {
        Sealed, ///< journald takes them so
        Refused ///< EMSGSIZE
    };

    /// Connects when the first datagram is sent.
    LogSocket(std::string path, Large large) : _path(std::move(path)), _large(large) {}

    LogSocket(const LogSocket&) = delete;
    LogSocket& operator=(const LogSocket&) = delete;
    ~LogSocket();

    /// Never waits longer than Stall says. \return 0, or an errno: it was not sent
    [[nodiscard]] int send(std::string_view datagram);

    [[nodiscard]] const std::string& path() const noexcept { return _path; }

private:
    [[nodiscard]] int sendOnce(std::string_view datagram, int file) noexcept;
    [[nodiscard]] int transmit(std::string_view datagram, int file) noexcept;
    [[nodiscard]] int connect() noexcept;
    void disconnect() noexcept;
    [[nodiscard]] int sendAsFile(std::string_view datagram);
    [[nodiscard]] int sendPatiently(std::string_view datagram, int file);

    const std::string _path;
    const Large _large;
    std::mutex _mutex; // guards _descriptor and _stall
    int _descriptor = -1;
    Stall _stall;
};

} // namespace mpsmtp::app
