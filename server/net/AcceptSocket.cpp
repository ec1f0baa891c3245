// See AcceptSocket.h. accept(2) says which errors are those of one connection and which are ours.
#include "net/AcceptSocket.h"

#include "net/ClientSocket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace mpsmtp::net
{

namespace
{

constexpr int pauseMilliseconds = 100;

int openReserve() noexcept
{
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int makeWake()
{
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        throw std::system_error(errno, std::generic_category(), "eventfd");
    return fd;
}

} // namespace

AcceptSocket::AcceptSocket(Descriptor listening,
                           Service service,
                           metrics::Metrics& metrics,
                           bool isInherited)
    : _metrics(metrics),
      _service(std::move(service)),
      _wake(makeWake()),
      _reserve(openReserve()),
      _isInherited(isInherited)
{
    reset(listening.release());
}

void AcceptSocket::serveBy(Service service)
{
    const std::lock_guard lock(_mutex);
    std::swap(_service, service);
}

Service AcceptSocket::service()
{
    const std::lock_guard lock(_mutex);
    return _service;
}

bool AcceptSocket::poll(const Poco::Timespan& timeout, int)
{
    const int milliseconds = static_cast<int>(timeout.totalMilliseconds());
    _turns.fetch_add(1, std::memory_order_relaxed);
    refuseForgotten();
    if (_holds.load())
    {
        holdStill(milliseconds);
        return false;
    }
    pollfd waited[] = {{sockfd(), POLLIN, 0}, {_wake.get(), POLLIN, 0}};
    const int ready = ::poll(waited, 2, milliseconds);
    return ready > 0 && waited[1].revents == 0 && accept();
}

std::future<void> AcceptSocket::hold()
{
    std::future<void> still = _still.get_future();
    _holds.store(true);
    wake();
    return still;
}

/// That it is here says that what it has accepted before is in POCO's queue.
void AcceptSocket::holdStill(int milliseconds) noexcept
{
    if (!_isStill)
    {
        eventfd_t ignored = 0;
        (void)::eventfd_read(_wake.get(), &ignored); // or the wait below would be a busy loop
        _isStill = true;
        _still.set_value();
    }
    pollfd woken{_wake.get(), POLLIN, 0};
    ::poll(&woken, 1, milliseconds);
}

/// POCO allocates between poll() and acceptConnection(): without memory it never gets there.
void AcceptSocket::refuseForgotten() noexcept
{
    if (_accepted)
    {
        refuse(_accepted.get(), service().generation->refusals.internal);
        count(metrics::Refusal::Internal);
    }
    _accepted.reset();
}

bool AcceptSocket::accept() noexcept
{
    socklen_t length = sizeof _peer;
    _peer.ss_family = AF_UNSPEC;
    _accepted.reset(
        ::accept4(sockfd(), reinterpret_cast<sockaddr*>(&_peer), &length, SOCK_CLOEXEC));
    if (!_accepted)
        handleFailure(errno);
    return static_cast<bool>(_accepted);
}

Poco::Net::SocketImpl* AcceptSocket::acceptConnection(Poco::Net::SocketAddress&)
{
    return new ClientSocket(std::move(_accepted), peerOf(_peer), service(), _isInherited);
}

void AcceptSocket::handleFailure(int error) noexcept
{
    switch (error)
    {
    case EMFILE:
    case ENFILE:
        shed();
        break;
    case ENOBUFS:
    case ENOMEM:
        _logLimit.error("cannot accept connections", error);
        pause();
        break;
    default: // the client has gone again, or another error of this one connection (accept(2))
        break;
    }
}

void AcceptSocket::shed() noexcept
{
    _reserve.reset();
    Descriptor client(::accept4(sockfd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client)
    {
        refuse(client.get(), service().generation->refusals.full);
        count(metrics::Refusal::Descriptors);
    }
    const bool refused = static_cast<bool>(client);
    client.reset();
    _reserve.reset(openReserve());
    _logLimit.error("no file descriptors left, refusing connections; raise the limit (LimitNOFILE, "
                    "ulimit -n) or "
                    "lower limits.connections");
    // Somebody else took the reserve: without a pause this would be a busy loop.
    if (!refused || !_reserve)
        pause();
}

void AcceptSocket::count(metrics::Refusal reason) noexcept
{
    const Service current = service();
    const metrics::Turn turn(_metrics.slots);
    current.counts().refusals.add(turn, reason);
}

void AcceptSocket::pause() noexcept
{
    pollfd woken{_wake.get(), POLLIN, 0};
    ::poll(&woken, 1, pauseMilliseconds);
}

void AcceptSocket::wake() noexcept
{
    (void)::eventfd_write(_wake.get(), 1);
}

void AcceptSocket::retire() noexcept
{
    const Service last = service();
    while (!_isInherited && accept())
    {
        refuse(_accepted.get(), last.generation->refusals.shuttingDown);
        count(metrics::Refusal::Stopping);
    }
    _accepted.reset();
    close();
}

} // namespace mpsmtp::net
