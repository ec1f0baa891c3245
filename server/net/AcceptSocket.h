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

#include <mutex>

#include <sys/socket.h>

namespace mpsmtp::net
{

class AcceptSocket : public Poco::Net::ServerSocketImpl
{
public:
    /// \param listening non-blocking
    AcceptSocket(Descriptor listening, Service service);

    /// For connections that are accepted from now on.
    void serveBy(Service service);

    /// True: a connection has been accepted and waits in acceptConnection().
    bool poll(const Poco::Timespan& timeout, int mode) override;

    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress& clientAddress) override;

    /// From now on poll() returns at once, without accepting.
    void wake() noexcept;

    /// Refuses all who wait in the backlog, then closes. Only after the acceptor's thread has
    /// ended.
    void retire() noexcept;

protected:
    ~AcceptSocket() override = default;

private:
    void refuseForgotten() noexcept;
    [[nodiscard]] bool accept() noexcept;
    void handleFailure(int error) noexcept;
    void shed() noexcept;
    void pause() noexcept;

    [[nodiscard]] Service service();

    std::mutex _mutex; // guards _service
    Service _service;
    const Descriptor _wake;
    Descriptor _reserve; ///< given up for a moment to be able to refuse when no descriptor is left
    Descriptor _accepted;
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
