// A listening socket for Poco::Net::TCPServer that accepts inside poll(): a failure to accept (no
// descriptors left, the client already gone) then is no event at all, instead of an exception in a
// loop that may spin. POCO's own poll builds an epoll set at each call and its accept leaks
// descriptors into child processes.
// Thread safety: wake(), serveBy() [any]; the rest by the acceptor's thread.
#pragma once

#include "net/Descriptor.h"
#include "net/Generation.h"
#include "net/LogLimit.h"

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/ServerSocketImpl.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <mutex>

#include <sys/socket.h>

namespace mpsmtp::net
{

class AcceptSocket : public Poco::Net::ServerSocketImpl
{
public:
    /// \param listening non-blocking
    /// \param metrics outlive it
    /// \param isInherited others hold it too, and serve who waits there
    AcceptSocket(Descriptor listening,
                 Service service,
                 metrics::Metrics& metrics,
                 bool isInherited = false);

    /// For connections that are accepted from now on.
    void serveBy(Service service);

    /// True: a connection has been accepted and waits in acceptConnection().
    bool poll(const Poco::Timespan& timeout, int mode) override;

    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress& clientAddress) override;

    /// From now on nobody is accepted; who waits stays in the backlog.
    /// \return ready when the last one that was accepted has been given to POCO's queue; to be called once
    [[nodiscard]] std::future<void> hold();

    [[nodiscard]] bool isInherited() const noexcept { return _isInherited; }

    /// How often the acceptor's thread has come by, which it does four times a second without clients: proof that it lives.
    [[nodiscard]] const std::atomic<std::uint64_t>& turns() const noexcept { return _turns; }

    /// From now on poll() returns at once, without accepting.
    void wake() noexcept;

    /// Refuses all who wait in the backlog, then closes; an inherited one it only closes. Only after the acceptor's thread has
    /// ended.
    void retire() noexcept;

protected:
    ~AcceptSocket() override = default;

private:
    void refuseForgotten() noexcept;
    void holdStill(int milliseconds) noexcept;
    [[nodiscard]] bool accept() noexcept;
    void handleFailure(int error) noexcept;
    void shed() noexcept;
    void pause() noexcept;

    [[nodiscard]] Service service();

    void count(metrics::Refusal reason) noexcept;

    metrics::Metrics& _metrics;
    std::mutex _mutex; // guards _service
    Service _service;
    const Descriptor _wake;
    Descriptor _reserve; ///< given up for a moment to be able to refuse when no descriptor is left
    Descriptor _accepted;
    const bool _isInherited;
    std::atomic<std::uint64_t> _turns{0};
    std::atomic<bool> _holds{false};
    bool _isStill = false;     // of the acceptor's thread
    std::promise<void> _still; // set when it is
    sockaddr_storage _peer{};
    LogLimit _logLimit;
};

/// The handle that TCPServer wants; owns `impl`.
class AcceptSocketHandle : public Poco::Net::ServerSocket
{
public:
    explicit AcceptSocketHandle(AcceptSocket* impl) : Poco::Net::ServerSocket(impl, true) {}
};

} // namespace mpsmtp::net
