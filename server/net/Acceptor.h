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
    /// \param config of the section it belongs to; borrowed, as are `context` and `pool`
    Acceptor(ServerContext& context,
             const ListenerConfig& config,
             Listener listener,
             Poco::ThreadPool& pool);

    /// Threads that the pool must have beside those that serve: each acceptor keeps one or two
    /// waiting, and a few may be on their way back to the pool. A pool that is exhausted makes POCO
    /// leave a connection without a thread.
    static constexpr std::size_t spareThreads = 16;

    void start() { _server->start(); }

    /// Ends accepting; who waits to be accepted is refused. Sessions go on.
    void stop();

private:
    Listener _listener;
    AcceptSocket* _acceptSocket; ///< owned by _handle and _server together
    AcceptSocketHandle _handle;
    std::unique_ptr<Poco::Net::TCPServer> _server;
    bool _stopped = false;
};

} // namespace mpsmtp::net
