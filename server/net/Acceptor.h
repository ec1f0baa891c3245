// One listening address served by a Poco::Net::TCPServer, whose threads come from the pool that all
// acceptors share.
// Thread safety: [main].
#pragma once

#include "net/AcceptSocket.h"
#include "net/Listener.h"
#include "net/ServerContext.h"

#include <Poco/Net/TCPServer.h>
#include <Poco/ThreadPool.h>

#include <cstddef>
#include <memory>
#include <string>

namespace mpsmtp::net
{

class Acceptor
{
public:
    /// \param listener listens already
    /// \param context as is `pool`: borrowed
    Acceptor(ServerContext& context, Service service, Listener listener, Poco::ThreadPool& pool);
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;
    ~Acceptor();

    /// Threads that the pool must have beside those that serve: each acceptor keeps one or two
    /// waiting, and a few may be on their way back to the pool. A pool that is exhausted makes POCO
    /// leave a connection without a thread.
    static constexpr std::size_t spareThreads = 16;

    void start();

    /// For an inherited socket: accepts nobody any more. Whoever waits in the backlog is left to the next process that accepts
    /// there. To be followed by awaitHeld(); once.
    void hold();

    /// Returns when everybody who was accepted there has a thread, so that what comes behind it need not turn them away; after
    /// a few seconds in any case.
    void awaitHeld();

    [[nodiscard]] const AcceptSocket& acceptSocket() const noexcept { return *_acceptSocket; }

    /// For connections that come from now on.
    void serveBy(const Service& service);

    [[nodiscard]] const Listener& listener() const noexcept { return _listener; }

    /// Ends accepting; who waits to be accepted is refused, but at an inherited socket. Sessions go on.
    void stop();

    /// The name of the section that it was last told to serve.
    [[nodiscard]] const std::string& name() const noexcept { return _name; }

private:
    Listener _listener;
    std::string _name;
    AcceptSocket* _acceptSocket; ///< owned by _handle and _server together
    AcceptSocketHandle _handle;
    std::unique_ptr<Poco::Net::TCPServer> _server;
    bool _started = false;
    bool _stopped = false;
    std::future<void> _held; ///< of an inherited one that holds
    ServerContext& _context;
};

} // namespace mpsmtp::net
