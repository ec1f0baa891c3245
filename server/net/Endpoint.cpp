// See Endpoint.h.
#include "net/Endpoint.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <system_error>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace mpsmtp::net
{

namespace
{

constexpr std::string_view unixPrefix = "unix:";

struct HostAndPort
{
    std::string host;
    std::string port;
};

[[noreturn]] void throwBadSyntax(const std::string& address)
{
    throwCannotListen(address, EINVAL, "write HOST:PORT, [IPV6]:PORT, *:PORT or unix:/PATH");
}

HostAndPort split(const std::string& address)
{
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size())
        throwBadSyntax(address);
    std::string host = address.substr(0, colon);
    if (host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string::npos)
        throwCannotListen(address, EINVAL, "an IPv6 address needs brackets, as in [::1]:25");
    return {std::move(host), address.substr(colon + 1)};
}

Endpoint unixEndpoint(const std::string& address)
{
    const std::string path = address.substr(unixPrefix.size());
    Endpoint endpoint;
    auto& local = reinterpret_cast<sockaddr_un&>(endpoint.address);
    if (path.empty() || path.front() != '/')
        throwCannotListen(address, EINVAL, "the path of a Unix socket must begin with /");
    if (path.size() >= sizeof local.sun_path)
        throwCannotListen(address,
                          ENAMETOOLONG,
                          "the path of a Unix socket has at most " +
                              std::to_string(sizeof local.sun_path - 1) + " octets");
    local.sun_family = AF_UNIX;
    path.copy(local.sun_path, path.size());
    endpoint.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    return endpoint;
}

bool contains(const std::vector<Endpoint>& endpoints, const addrinfo& wanted)
{
    return std::any_of(endpoints.begin(),
                       endpoints.end(),
                       [&wanted](const Endpoint& e) {
                           return e.length == wanted.ai_addrlen &&
                                  std::memcmp(e.get(), wanted.ai_addr, e.length) == 0;
                       });
}

void appendLookup(const std::string& host,
                  const HostAndPort& wanted,
                  const std::string& address,
                  std::vector<Endpoint>& endpoints)
{
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.c_str(), wanted.port.c_str(), &hints, &found);
    if (error != 0)
        throwCannotListen(address, EADDRNOTAVAIL, ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    for (; found != nullptr; found = found->ai_next)
    {
        if (contains(endpoints, *found))
            continue;
        std::memcpy(endpoints.emplace_back().get(), found->ai_addr, found->ai_addrlen);
        endpoints.back().length = found->ai_addrlen;
    }
}

bool isPort(const std::string& port)
{
    // getaddrinfo takes 70000 for 4464.
    const bool digits =
        std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
    return !digits || (port.size() <= 5 && std::stoul(port) <= 65535);
}

} // namespace

std::vector<Endpoint> resolve(const std::string& address)
{
    if (address.compare(0, unixPrefix.size(), unixPrefix) == 0)
        return {unixEndpoint(address)};
    const HostAndPort wanted = split(address);
    if (!isPort(wanted.port))
        throwCannotListen(address, EINVAL, "a port is a number from 0 to 65535");
    std::vector<Endpoint> endpoints;
    if (wanted.host == "*" || wanted.host == "localhost")
    {
        const bool any = wanted.host == "*";
        appendLookup(any ? "0.0.0.0" : "127.0.0.1", wanted, address, endpoints);
        appendLookup(any ? "::" : "::1", wanted, address, endpoints);
    }
    else
        appendLookup(wanted.host, wanted, address, endpoints);
    return endpoints;
}

std::string toText(const Endpoint& endpoint)
{
    if (endpoint.family() == AF_UNIX)
        return std::string(unixPrefix) + unixPath(endpoint);
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getnameinfo(endpoint.get(),
                      endpoint.length,
                      host.data(),
                      host.size(),
                      port.data(),
                      port.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return "?";
    if (endpoint.family() == AF_INET6)
        return std::string("[") + host.data() + "]:" + port.data();
    return std::string(host.data()) + ':' + port.data();
}

std::string unixPath(const Endpoint& endpoint)
{
    if (endpoint.family() != AF_UNIX)
        return {};
    const char* const path = reinterpret_cast<const sockaddr_un&>(endpoint.address).sun_path;
    const std::size_t length =
        endpoint.length - std::min<std::size_t>(endpoint.length, offsetof(sockaddr_un, sun_path));
    // An abstract name begins with a zero and has no file; ours have one, others may hand such a socket over.
    if (length > 1 && path[0] == '\0')
        return '@' + std::string(path + 1, length - 1);
    return path;
}

std::string portOf(const std::string& address)
{
    return address.substr(address.rfind(':') + 1);
}

void throwCannotListen(const std::string& address, int error, const std::string& advice)
{
    throw std::system_error(
        error, std::generic_category(), "cannot listen on " + address + ": " + advice);
}

} // namespace mpsmtp::net
