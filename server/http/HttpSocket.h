// A listening socket of the HTTP server in the form that Poco::Net::TCPServer wants, without what POCO's own lacks: accepted
// sockets are closed on exec, stopping needs no connection, and when the mail side has used up the descriptors there is one
// left to answer a probe with.
// Thread safety: [any] (one thread accepts; wake() from any).
#pragma once

#include "net/Descriptor.h"

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/ServerSocketImpl.h>

namespace mpsmtp::http
{

class HttpSocket : public Poco::Net::ServerSocketImpl
{
public:
    /// \param listening non-blocking
    explicit HttpSocket(net::Descriptor listening);

    /// True: a connection has been accepted and waits in acceptConnection().
    bool poll(const Poco::Timespan& timeout, int mode) override;

    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress& clientAddress) override;

    /// From now on poll() returns at once, without accepting.
    void wake() noexcept;

protected:
    ~HttpSocket() override = default;

private:
    [[nodiscard]] bool accept() noexcept;
    [[nodiscard]] int acceptOnce() noexcept;
    void pause() noexcept;

    const net::Descriptor _wake;
    net::Descriptor _reserve; ///< given up when there is no other descriptor left
    net::Descriptor _accepted;
};

/// The handle that TCPServer wants; owns `impl`.
class HttpSocketHandle : public Poco::Net::ServerSocket
{
public:
    explicit HttpSocketHandle(HttpSocket* impl) : Poco::Net::ServerSocket(impl, true) {}
};

} // namespace mpsmtp::http
