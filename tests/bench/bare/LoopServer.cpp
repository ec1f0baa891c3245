#include "bench/bare/LoopServer.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace mpsmtp::bench
{

namespace
{

constexpr const char* name = "the event loop";
constexpr std::size_t portion = 65536;

/// One try: a client that does not read its few octets of replies is gone.
[[nodiscard]] bool sendAll(int socket, const std::string& octets)
{
    const auto size = static_cast<ssize_t>(octets.size());
    return ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT) == size;
}

} // namespace

LoopServer::LoopServer(std::uint16_t port)
    : _listening(port), _epoll(::epoll_create1(EPOLL_CLOEXEC)), _in(portion)
{
    check(_epoll.get(), "cannot make", name);
    watch(_listening.fd());
}

void LoopServer::watch(int fd)
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    check(::epoll_ctl(_epoll.get(), EPOLL_CTL_ADD, fd, &event), "cannot watch with", name);
}

void LoopServer::run(int stop)
{
    watch(stop);
    std::array<epoll_event, 64> events{};
    for (;;)
    {
        const int count =
            ::epoll_wait(_epoll.get(), events.data(), static_cast<int>(events.size()), -1);
        if (count < 0 && errno != EINTR)
            store::throwSystemError(errno, "cannot wait in", name);
        for (int i = 0; i < count; ++i)
        {
            const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
            if (fd == stop)
                return;
            if (fd == _listening.fd())
                accept();
            else
                serve(fd);
        }
    }
}

void LoopServer::accept()
{
    FileDescriptor socket = _listening.accept();
    if (!socket.isOpen() || !sendAll(socket.get(), "220 loop.example.com ESMTP\r\n"))
        return;
    const int fd = socket.get();
    watch(fd);
    _connections[fd].socket = std::move(socket);
}

void LoopServer::serve(int socket)
{
    const ssize_t got = ::recv(socket, _in.data(), _in.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    _out.clear();
    const auto octets = static_cast<std::size_t>(got > 0 ? got : 0);
    const bool goesOn = got > 0 && _connections.at(socket).session.feed({_in.data(), octets}, _out);
    if ((!_out.empty() && !sendAll(socket, _out)) || !goesOn)
        _connections.erase(socket); // closes it, and so ends its watch
}

} // namespace mpsmtp::bench
