// See SocketTransport.h: one system call for each receive and send, unless it has to wait.
#include "net/SocketTransport.h"

#include "net/CoarseClock.h"

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>

namespace mpsmtp::net
{

namespace
{

Received outcome(ssize_t octets)
{
    if (octets > 0)
        return {IoStatus::Done, static_cast<std::size_t>(octets)};
    return {octets == 0 ? IoStatus::EndOfInput : IoStatus::Failed, 0};
}

bool wouldBlock() noexcept
{
    return errno == EAGAIN || errno == EINTR;
}

/// Waits until something can be read, at most until `deadline`.
bool awaitInput(int fd, CoarseClock::time_point deadline) noexcept
{
    const auto left = deadline - CoarseClock::now();
    pollfd input{fd, POLLIN, 0};
    return left.count() > 0 && ::poll(&input, 1, static_cast<int>(left.count())) > 0;
}

} // namespace

Received SocketTransport::receive(char* data, std::size_t size)
{
    Received received{};
    if (receiveSpinning(data, size, received))
        return received;
    ssize_t octets = 0;
    do
        octets = ::recv(_fd, data, size, 0);
    while (octets < 0 && errno == EINTR);
    return outcome(octets);
}

bool SocketTransport::receiveSpinning(char* data, std::size_t size, Received& received)
{
    for (unsigned left = _spin.attempts; left > 0; --left)
    {
        if (_spin.sessions.load(std::memory_order_relaxed) < 2)
            return false;
        const ssize_t octets = ::recv(_fd, data, size, MSG_DONTWAIT);
        if (octets >= 0 || !wouldBlock())
        {
            received = outcome(octets);
            return true;
        }
        ::sched_yield();
    }
    return false;
}

IoStatus SocketTransport::send(std::string_view octets)
{
    while (!octets.empty())
    {
        const ssize_t sent = ::send(_fd, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return IoStatus::Failed;
        if (sent > 0)
            octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return IoStatus::Done;
}

void SocketTransport::finish(std::chrono::milliseconds patience) noexcept
{
    constexpr std::size_t most = 1024 * 1024;
    std::size_t discarded = 0;
    char
        octets[1024]; // more would be a page of the stack that many a thread has not touched before
    ::shutdown(_fd, SHUT_WR);
    const auto deadline = CoarseClock::now() + patience;
    while (discarded < most)
    {
        const ssize_t count = ::recv(_fd, octets, sizeof octets, MSG_DONTWAIT);
        if (count == 0 || (count < 0 && (!wouldBlock() || !awaitInput(_fd, deadline))))
            return;
        discarded += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
}

} // namespace mpsmtp::net
