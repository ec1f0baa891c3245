// What this is and its thread safety: HttpSocket.h.
#include "http/HttpSocket.h"

#include <Poco/Net/StreamSocketImpl.h>

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace mpsmtp::http
{

namespace
{

constexpr int pauseMilliseconds = 100;

/// Open for as long as anybody has it. POCO's session closes its socket behind the answer, while the descriptor's number is
/// still known to those who may have to end the connection (Visits), and may by then be another connection's.
class LastingSocket : public Poco::Net::StreamSocketImpl
{
public:
    explicit LastingSocket(int fd) : Poco::Net::StreamSocketImpl(fd) {}

    void close() override {} // the base's destructor does it

protected:
    ~LastingSocket() override = default;
};

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

} // namespace

HttpSocket::HttpSocket(net::Descriptor listening) : _wake(makeWake()), _reserve(openReserve())
{
    reset(listening.release());
}

bool HttpSocket::poll(const Poco::Timespan& timeout, int)
{
    if (!_reserve)
        _reserve.reset(openReserve());
    pollfd waited[] = {{sockfd(), POLLIN, 0}, {_wake.get(), POLLIN, 0}};
    const int ready = ::poll(waited, 2, static_cast<int>(timeout.totalMilliseconds()));
    return ready > 0 && waited[1].revents == 0 && accept();
}

bool HttpSocket::accept() noexcept
{
    int fd = acceptOnce();
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && _reserve)
    {
        _reserve.reset();
        fd = acceptOnce();
    }
    _accepted.reset(fd);
    if (_accepted)
        return true;
    // Whatever is still there to be accepted would make this a busy loop. A client that has gone again is no such thing.
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        pause();
    return false;
}

int HttpSocket::acceptOnce() noexcept
{
    return ::accept4(sockfd(), nullptr, nullptr, SOCK_CLOEXEC);
}

Poco::Net::SocketImpl* HttpSocket::acceptConnection(Poco::Net::SocketAddress&)
{
    return new LastingSocket(_accepted.release());
}

void HttpSocket::pause() noexcept
{
    pollfd woken{_wake.get(), POLLIN, 0};
    ::poll(&woken, 1, pauseMilliseconds);
}

void HttpSocket::wake() noexcept
{
    (void)::eventfd_write(_wake.get(), 1);
}

} // namespace mpsmtp::http
