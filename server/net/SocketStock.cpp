// See SocketStock.h.
#include "net/SocketStock.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace mpsmtp::net
{

namespace
{

/// What sd_listen_fds_with_names(3) calls a socket without a name.
const std::string nameless = "unknown";

/// Removes the variable and says what it was.
std::optional<std::string> takeVariable(const char* name)
{
    const char* const value = std::getenv(name); // before any thread exists
    if (value == nullptr)
        return std::nullopt;
    std::string text = value;
    ::unsetenv(name);
    return text;
}

std::optional<long> number(const std::optional<std::string>& text)
{
    long value = 0;
    if (!text)
        return std::nullopt;
    const char* const end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, value);
    return error == std::errc() && rest == end && value >= 0 ? std::optional(value) : std::nullopt;
}

std::vector<std::string> split(const std::string& names)
{
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= names.size();)
    {
        const std::size_t end = std::min(names.find(':', begin), names.size());
        parts.push_back(names.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

int option(int fd, int name) noexcept
{
    int value = -1;
    socklen_t length = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

std::string mistakeOf(int fd, const Endpoint& endpoint)
{
    if (option(fd, SO_TYPE) < 0)
        return "is no socket; remove what is no ListenStream= from the socket unit, and "
               "FileDescriptorStore from the service";
    if (option(fd, SO_TYPE) != SOCK_STREAM)
        return "is no stream socket; write ListenStream= in the socket unit";
    if (endpoint.family() != AF_INET && endpoint.family() != AF_INET6 &&
        endpoint.family() != AF_UNIX)
        return "is neither of IPv4 nor of IPv6 nor a Unix socket";
    if (option(fd, SO_ACCEPTCONN) != 1)
        return "does not listen; write Accept=no in the socket unit";
    return {};
}

Endpoint endpointOf(int fd) noexcept
{
    Endpoint endpoint;
    endpoint.length = sizeof endpoint.address;
    if (::getsockname(fd, endpoint.get(), &endpoint.length) != 0)
        endpoint = Endpoint();
    return endpoint;
}

} // namespace

std::string inheritedName(const std::string& address)
{
    return address.compare(0, inheritedPrefix.size(), inheritedPrefix) == 0
               ? address.substr(inheritedPrefix.size())
               : std::string();
}

SocketStock::Inherited SocketStock::examine(std::string name, int fd)
{
    Inherited found{std::move(name), fd, Descriptor(), {}, {}};
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    {
        found.mistake = "is not open; LISTEN_FDS announces more than was handed over";
        return found;
    }
    found.socket.reset(fd);
    const Endpoint endpoint = endpointOf(fd);
    found.mistake = mistakeOf(fd, endpoint);
    if (endpoint.length > 0)
        found.address = toText(endpoint);
    return found;
}

SocketStock SocketStock::inherit(int first)
{
    SocketStock stock;
    const auto process = number(takeVariable("LISTEN_PID"));
    const auto count = number(takeVariable("LISTEN_FDS"));
    const auto names = split(takeVariable("LISTEN_FDNAMES").value_or(""));
    const long mostDescriptors = ::sysconf(_SC_OPEN_MAX);
    if (process != ::getpid() || !count || *count > mostDescriptors)
        return stock;
    for (std::size_t i = 0; i < static_cast<std::size_t>(*count); ++i)
        stock._inherited.push_back(
            examine(i < names.size() && !names[i].empty() ? names[i] : nameless,
                    first + static_cast<int>(i)));
    return stock;
}

void SocketStock::bindNow(const std::vector<ListenerConfig>& listeners)
{
    for (const ListenerConfig& listener : listeners)
        for (const std::string& address : listener.addresses)
            if (inheritedName(address).empty())
                for (Listener& bound : Listener::bind(address))
                    _bound[address].push_back(std::move(bound));
}

std::vector<Listener> SocketStock::lend(const std::string& name) const
{
    if (const std::string text = problem(name); !text.empty())
        throw std::system_error(ENOENT, std::generic_category(), text);
    std::vector<Listener> listeners;
    for (const Inherited& each : _inherited)
    {
        if (each.name != name)
            continue;
        Descriptor copy(::fcntl(each.socket.get(), F_DUPFD_CLOEXEC, 0));
        if (!copy)
            throwCannotListen(
                std::string(inheritedPrefix) + name, errno, "its socket cannot be duplicated");
        listeners.push_back(Listener::adopt(std::move(copy), endpointOf(each.socket.get()), name));
    }
    return listeners;
}

std::vector<Listener> SocketStock::take(const std::string& address)
{
    const auto found = _bound.find(address);
    if (found == _bound.end())
        return {};
    std::vector<Listener> listeners = std::move(found->second);
    _bound.erase(found);
    return listeners;
}

std::string SocketStock::names() const
{
    std::set<std::string> sorted;
    for (const Inherited& each : _inherited)
        sorted.insert(each.name);
    std::string text;
    for (const std::string& name : sorted)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::string SocketStock::problem(const std::string& name) const
{
    const std::string address = std::string(inheritedPrefix) + name;
    if (_inherited.empty())
        return address + ": no socket was handed over; start the socket unit, not this program: "
                         "systemctl start mpsmtpd.socket";
    bool isThere = false;
    for (const Inherited& each : _inherited)
    {
        isThere = isThere || each.name == name;
        if (each.name == name && !each.mistake.empty())
            return address + ": descriptor " + std::to_string(each.number) + " " + each.mistake;
    }
    return isThere ? std::string()
                   : address + ": no socket of this name was handed over, there is: " + names() +
                         "; set FileDescriptorName= in the socket unit";
}

std::vector<std::string> SocketStock::warnings(const std::vector<ListenerConfig>& listeners) const
{
    std::set<std::string> used;
    for (const ListenerConfig& listener : listeners)
        for (const std::string& address : listener.addresses)
            used.insert(inheritedName(address));
    std::vector<std::string> sentences;
    for (const Inherited& each : _inherited)
        if (used.count(each.name) == 0)
            sentences.push_back("nobody serves the inherited socket " + each.name +
                                (each.address.empty() ? "" : " (" + each.address + ")") +
                                "; its clients wait without an answer: write address = " +
                                std::string(inheritedPrefix) + each.name +
                                ", or take it out of the socket unit");
    return sentences;
}

std::string SocketStock::holderOf(const std::string& address) const
{
    const auto found = std::find_if(_inherited.begin(),
                                    _inherited.end(),
                                    [&](const Inherited& each) { return each.address == address; });
    return found == _inherited.end() ? std::string() : found->name;
}

} // namespace mpsmtp::net
