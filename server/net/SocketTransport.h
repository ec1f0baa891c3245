// A plain TCP or Unix stream socket.
// Thread safety: [connection]; another thread may ::shutdown the descriptor to end a blocked call.
#pragma once

#include "net/Transport.h"

#include <atomic>
#include <cstddef>

namespace mpsmtp::net
{

/// How a thread waits for octets before it sleeps: attempts with a yield between, as long as there
/// are other sessions to yield to. On a busy server this saves the client the wake-up of our
/// thread, a third of its CPU time a message (docs/performance.md); on an idle one it costs 2.5 us
/// a wait.
struct SpinPolicy
{
    unsigned attempts;
    const std::atomic<std::size_t>& sessions;
};

class SocketTransport : public Transport
{
public:
    /// Borrows `fd`.
    SocketTransport(int fd, const SpinPolicy& spin) noexcept : _fd(fd), _spin(spin) {}

    [[nodiscard]] Received receive(char* data, std::size_t size) override;
    [[nodiscard]] IoStatus send(std::string_view octets) override;
    void finish(std::chrono::milliseconds patience) noexcept override;

private:
    [[nodiscard]] bool receiveSpinning(char* data, std::size_t size, Received& received);

    const int _fd;
    const SpinPolicy _spin;
};

} // namespace mpsmtp::net
