#include "bench/bare/BareServer.h"

#include "bench/bare/BareSession.h"

#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace mpsmtp::bench
{

namespace
{

constexpr const char* name = "the bare server's socket";

} // namespace

BareServer::BareServer(std::uint16_t port, Mailboxes& mailboxes, std::size_t boxes)
    : _mailboxes(mailboxes), _boxes(boxes), _listening(port)
{
}

BareServer::~BareServer()
{
    std::unique_lock lock(_mutex);
    for (const int socket : _sockets)
        (void)::shutdown(socket, SHUT_RDWR);
    _ended.wait(lock, [&] { return _sockets.empty(); });
}

void BareServer::run(int stop)
{
    for (;;)
    {
        pollfd ready[] = {{_listening.fd(), POLLIN, 0}, {stop, POLLIN, 0}};
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
    FileDescriptor socket = _listening.accept();
    if (!socket.isOpen())
        return;
    {
        const std::lock_guard lock(_mutex);
        _sockets.insert(socket.get());
    }
    std::thread([this, own = std::move(socket)]() mutable { serve(std::move(own)); }).detach();
}

void BareServer::serve(FileDescriptor socket)
{
    BareSession(socket.get(), _mailboxes, _boxes).run();
    const std::lock_guard lock(_mutex);
    _sockets.erase(socket.get());
    socket = FileDescriptor(); // behind the erase: the number may be another session's at once
    _ended.notify_all();       // under the lock: behind it the server may be gone
}

} // namespace mpsmtp::bench
