// What this is and its thread safety: HttpSocket.h.
#include "http/HttpSocket.h"

#include <Poco/Logger.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace mpsmtp::http
{

namespace
{

constexpr int sendBufferOctets = 1 << 20; // bounded by net.core.wmem_max
constexpr int receiveBufferOctets = 2 * mostHeadOctets;

int makeWake()
{
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        throw std::system_error(errno, std::generic_category(), "eventfd");
    return fd;
}

int openReserve() noexcept
{
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool isOutOfDescriptors(int error) noexcept
{
    return error == EMFILE || error == ENFILE;
}

void log(const std::exception& fault) noexcept
try
{
    Poco::Logger::get("http").error(std::string("accepting pauses for a moment: ") + fault.what());
}

catch (const std::exception&) // there is no memory for the sentence either
{
}

} // namespace

VisitSocket::VisitSocket(int fd, Visits& visits, Visits::Clock::time_point since)
    : Poco::Net::StreamSocketImpl(fd), _visit(visits, fd, since)
{
    // So that a page goes to the system as a whole, and no thread waits for one who does not read it.
    (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sendBufferOctets, sizeof sendBufferOctets);
}

bool VisitSocket::poll(const Poco::Timespan& timeout, int mode)
{
    pollfd waited{sockfd(), 0, 0};
    if ((mode & SELECT_READ) != 0)
        waited.events |= POLLIN;
    if ((mode & SELECT_WRITE) != 0)
        waited.events |= POLLOUT;
    return ::poll(&waited, 1, static_cast<int>(timeout.totalMilliseconds())) > 0;
}

HttpSocket::HttpSocket(net::Descriptor listening,
                       std::size_t lobby,
                       std::chrono::milliseconds longest)
    : _wake(makeWake()), _lobby(lobby, longest), _reserve(openReserve())
{
    // Each look (MSG_PEEK) searches the kernel's queue anew for each of its pieces, which may be of one octet: of thousands, a
    // look takes 10 ms. When the buffer is full, the kernel makes larger pieces of them. Accepted sockets inherit it.
    (void)::setsockopt(
        listening.get(), SOL_SOCKET, SO_RCVBUF, &receiveBufferOctets, sizeof receiveBufferOctets);
    reset(listening.release());
}

/// An exception would end the only thread that accepts here (POCO); it is want of memory, the process's or the kernel's.
bool HttpSocket::poll(const Poco::Timespan& timeout, int)
try
{
    if (!_reserve)
        _reserve.reset(openReserve());
    const std::chrono::milliseconds patience(_lobby.hasAsker() ? 0 : timeout.totalMilliseconds());
    if (!await(patience))
        return false;
    // Before and behind it: who has asked meanwhile must not be taken for silent, and who comes has mostly asked already.
    _lobby.look(Clock::now());
    letIn();
    _lobby.look(Clock::now());
    return _lobby.hasAsker();
}

catch (const std::exception& error)
{
    log(error);
    _closedUntil = Clock::now() + Lobby::leastStay;
    return false;
}

/// \return false: it is over
bool HttpSocket::await(std::chrono::milliseconds patience) noexcept
{
    using namespace std::chrono;
    const auto shut = ceil<milliseconds>(_closedUntil - Clock::now());
    const bool isShut = shut.count() > 0;
    if (isShut)
        patience = std::min(patience, shut);
    pollfd waited[] = {
        {_wake.get(), POLLIN, 0}, {_lobby.descriptor(), POLLIN, 0}, {sockfd(), POLLIN, 0}};
    ::poll(waited, isShut ? 2 : 3, static_cast<int>(patience.count()));
    return waited[0].revents == 0;
}

/// Who waits in the kernel's queue, as far as there are places.
void HttpSocket::letIn()
{
    const auto now = Clock::now();
    if (now < _closedUntil)
        return;
    for (std::size_t i = _lobby.most(); i > 0; --i)
    {
        if (_lobby.isFull() && !makeRoom(now))
            return;
        net::Descriptor client = acceptOne(now);
        if (!client)
            return;
        _lobby.enter(std::move(client), now);
    }
}

/// Nobody loses a place before somebody is there who wants it.
bool HttpSocket::makeRoom(Clock::time_point now) noexcept
{
    if (!isSomebodyThere())
        return false;
    const bool hasRoom = _lobby.endOldest(now);
    if (!hasRoom)
        _closedUntil = now + Lobby::leastStay;
    return hasRoom;
}

bool HttpSocket::isSomebodyThere() const noexcept
{
    pollfd waiting{sockfd(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) > 0;
}

net::Descriptor HttpSocket::acceptOne(Clock::time_point now) noexcept
{
    const auto accept = [this] { return ::accept4(sockfd(), nullptr, nullptr, SOCK_CLOEXEC); };
    net::Descriptor client(accept());
    if (!client && isOutOfDescriptors(errno) && giveOneUp(now))
        client.reset(accept());
    // Whatever is still there to be accepted would make this a busy loop. A client that has gone again is no such thing.
    if (!client && (isOutOfDescriptors(errno) || errno == ENOBUFS || errno == ENOMEM))
        _closedUntil = now + Lobby::leastStay;
    return client;
}

bool HttpSocket::giveOneUp(Clock::time_point now) noexcept
{
    if (_lobby.endOldest(now))
        return true;
    const bool isThere{_reserve};
    _reserve.reset();
    return isThere;
}

Poco::Net::SocketImpl* HttpSocket::acceptConnection(Poco::Net::SocketAddress&)
{
    Lobby::Guest guest = _lobby.nextAsker();
    _visits->makeRoom();
    return new VisitSocket(guest.socket.release(), *_visits, guest.since);
}

void HttpSocket::wake() noexcept
{
    (void)::eventfd_write(_wake.get(), 1);
}

} // namespace mpsmtp::http
