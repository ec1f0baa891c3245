#include "bench/load/IdleCrowd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace mpsmtp::bench
{

namespace
{

/// Reads the greeting, to its end.
void awaitGreeting(int fd, std::chrono::seconds timeout)
{
    std::string greeting;
    while (greeting.empty() || greeting.back() != '\n')
    {
        pollfd ready{fd, POLLIN, 0};
        const int milliseconds = static_cast<int>(std::chrono::milliseconds(timeout).count());
        if (::poll(&ready, 1, milliseconds) == 0)
            throw std::runtime_error("an idle connection was not greeted in time");
        std::array<char, 512> buffer{};
        const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got < 0)
            store::throwSystemError(errno, "cannot open an idle connection to", "the server");
        if (got == 0)
            throw std::runtime_error("an idle connection was closed instead of greeted");
        greeting.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (greeting.compare(0, 3, "220") != 0)
        throw std::runtime_error("an idle connection was greeted with " + greeting);
}

} // namespace

IdleCrowd::IdleCrowd(const Target& target, std::uint64_t connections, std::chrono::seconds timeout)
{
    _connections.reserve(connections);
    while (_connections.size() < connections)
    {
        const std::size_t first = _connections.size();
        const std::uint64_t end = std::min(connections, first + atOnce);
        while (_connections.size() < end)
            _connections.push_back(target.connect());
        greetFrom(first, timeout);
    }
}

void IdleCrowd::greetFrom(std::size_t first, std::chrono::seconds timeout) const
{
    for (std::size_t i = first; i < _connections.size(); ++i)
        awaitGreeting(_connections[i].get(), timeout);
}

std::uint64_t IdleCrowd::lost() const
{
    return static_cast<std::uint64_t>(std::count_if(
        _connections.begin(),
        _connections.end(),
        [](const auto& connection)
        {
            char octet = 0;
            return ::recv(connection.get(), &octet, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN;
        }));
}

void allowManyDescriptors()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace mpsmtp::bench
