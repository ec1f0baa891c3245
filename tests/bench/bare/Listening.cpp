#include "bench/bare/Listening.h"

#include <cerrno>
#include <chrono>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace mpsmtp::bench
{

namespace
{

constexpr const char* name = "the bare server's socket";

} // namespace

Listening::Listening(std::uint16_t port)
    : _fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
{
    check(_fd.get(), "cannot make", name);
    const int yes = 1;
    check(::setsockopt(_fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "cannot set", name);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const any = reinterpret_cast<const sockaddr*>(&address);
    check(::bind(_fd.get(), any, sizeof address), "cannot bind", name);
    check(::listen(_fd.get(), 1024), "cannot listen on", name);
}

std::uint16_t Listening::port() const
{
    sockaddr_in address{};
    socklen_t size = sizeof address;
    check(::getsockname(_fd.get(), reinterpret_cast<sockaddr*>(&address), &size),
          "cannot examine",
          name);
    return ntohs(address.sin_port);
}

FileDescriptor Listening::accept() const
{
    FileDescriptor socket(::accept4(_fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.isOpen())
    {
        if (errno == EMFILE || errno == ENFILE)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return socket;
    }
    const int yes = 1;
    (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return socket;
}

} // namespace mpsmtp::bench
