// A listening socket of the HTTP server in the form that Poco::Net::TCPServer wants, with what POCO's own lacks: it hands over
// only who has asked (Lobby), accepted sockets are closed on exec, stopping needs no connection, and when the mail side has used
// up the descriptors there is one left to answer a probe with.
// Thread safety: [any] (one thread accepts; wake() from any).
#pragma once

#include "http/Lobby.h"
#include "http/Visits.h"
#include "net/Descriptor.h"

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/Net/StreamSocketImpl.h>

#include <chrono>
#include <cstddef>

namespace mpsmtp::http
{

/// The connection of one who has asked: a visit for as long as anybody has it. POCO's session closes its socket behind the
/// answer, while the descriptor's number is still known to those who may have to end the connection (Visits), and may by then be
/// another connection's.
class VisitSocket : public Poco::Net::StreamSocketImpl
{
public:
    VisitSocket(int fd, Visits& visits, Visits::Clock::time_point since);

    void close() override {} // the base's destructor does it

    /// Needs no descriptor: POCO's own makes an epoll set at each call, and there may be none left.
    bool poll(const Poco::Timespan& timeout, int mode) override;

    [[nodiscard]] Visits::Visit& visit() noexcept { return _visit; }

protected:
    ~VisitSocket() override = default;

private:
    Visits::Visit _visit;
};

class HttpSocket : public Poco::Net::ServerSocketImpl
{
public:
    /// \param listening non-blocking
    /// \param lobby most clients that have not asked yet, for at most `longest`
    HttpSocket(net::Descriptor listening, std::size_t lobby, std::chrono::milliseconds longest);

    /// To be called once, before the server accepts. `visits` outlives all sockets.
    void serve(Visits& visits) noexcept { _visits = &visits; }

    /// [any] From the next poll() on.
    void setLobby(std::size_t most) noexcept { _lobby.setMost(most); }

    /// True: somebody has asked and waits in acceptConnection(). No exception passes: behind one, nobody is accepted for a moment.
    bool poll(const Poco::Timespan& timeout, int mode) override;

    /// Waits a moment for a thread, which may be taken from the oldest visit.
    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress& clientAddress) override;

    /// From now on poll() returns at once, without accepting.
    void wake() noexcept;

protected:
    ~HttpSocket() override = default;

private:
    using Clock = Lobby::Clock;

    [[nodiscard]] bool await(std::chrono::milliseconds patience) noexcept;
    void letIn();
    [[nodiscard]] bool makeRoom(Clock::time_point now) noexcept;
    [[nodiscard]] bool isSomebodyThere() const noexcept;
    [[nodiscard]] net::Descriptor acceptOne(Clock::time_point now) noexcept;
    [[nodiscard]] bool giveOneUp(Clock::time_point now) noexcept;

    const net::Descriptor _wake;
    Lobby _lobby;
    net::Descriptor _reserve; ///< given up when there is no other descriptor left
    Clock::time_point _closedUntil;
    Visits* _visits = nullptr;
};

/// The handle that TCPServer wants; owns `impl`.
class HttpSocketHandle : public Poco::Net::ServerSocket
{
public:
    explicit HttpSocketHandle(HttpSocket* impl) : Poco::Net::ServerSocket(impl, true) {}
};

} // namespace mpsmtp::http
