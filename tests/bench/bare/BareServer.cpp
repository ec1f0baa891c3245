#include "bench/bare/BareServer.h"

#include "bench/bare/BareSession.h"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mpsmtp::bench
{

namespace
{

constexpr const char* name = "the bare server's socket";

[[nodiscard]] FileDescriptor listenOn(std::uint16_t port)
{
    FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    check(fd.get(), "cannot make", name);
    const int yes = 1;
    check(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "cannot set", name);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const any = reinterpret_cast<const sockaddr*>(&address);
    check(::bind(fd.get(), any, sizeof address), "cannot bind", name);
    check(::listen(fd.get(), 1024), "cannot listen on", name);
    return fd;
}

} // namespace

BareServer::BareServer(std::uint16_t port, Mailboxes& mailboxes, std::size_t boxes)
    : _mailboxes(mailboxes), _boxes(boxes), _listening(listenOn(port))
{
}

BareServer::~BareServer()
{
    std::unique_lock lock(_mutex);
    for (const int socket : _sockets)
        (void)::shutdown(socket, SHUT_RDWR);
    _ended.wait(lock, [&] { return _sockets.empty(); });
}

std::uint16_t BareServer::port() const
{
    sockaddr_in address{};
    socklen_t size = sizeof address;
    check(::getsockname(_listening.get(), reinterpret_cast<sockaddr*>(&address), &size),
          "cannot examine",
          name);
    return ntohs(address.sin_port);
}

void BareServer::run(int stop)
{
    for (;;)
    {
        pollfd ready[] = {{_listening.get(), POLLIN, 0}, {stop, POLLIN, 0}};
        if (::poll(ready, 2, -1) < 0 && errno != EINTR)
            store::throwSystemError(errno, "cannot wait for", name);
        if (ready[1].revents != 0)
            return;
        if (ready[0].revents != 0)
            accept();
    }
}

void BareServer::accept()
{
    const int socket = ::accept4(_listening.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0)
    {
        // Gone again, or no descriptors: the latter passes when a session ends.
        if (errno == EMFILE || errno == ENFILE)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return;
    }
    const int yes = 1;
    (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    {
        const std::lock_guard lock(_mutex);
        _sockets.insert(socket);
    }
    std::thread([this, socket] { serve(socket); }).detach();
}

void BareServer::serve(int socket)
{
    BareSession(socket, _mailboxes, _boxes).run();
    const std::lock_guard lock(_mutex);
    _sockets.erase(socket);
    (void)::close(socket); // behind the erase: the number may be another session's at once
    _ended.notify_all();   // under the lock: behind it the server may be gone
}

} // namespace mpsmtp::bench
