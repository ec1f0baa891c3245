// See Peer.h. RFC 4291 2.5.5.2 (mapped addresses).
#include "net/Peer.h"

#include <algorithm>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace mpsmtp::net
{

namespace
{

constexpr std::size_t mappedPrefix = 12; // ::ffff:0:0/96, RFC 4291 2.5.5.2
constexpr std::size_t countedIpv6Octets = 8;

std::string textOf(int family, const void* address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, address, text.data(), text.size()) != nullptr ? text.data() : "";
}

Peer ipv4Peer(const in_addr& address, in_port_t port)
{
    ClientKey key{};
    key[mappedPrefix - 1] = key[mappedPrefix - 2] = 0xff;
    std::memcpy(&key[mappedPrefix], &address, sizeof address);
    return {textOf(AF_INET, &address), ntohs(port), key};
}

Peer ipv6Peer(const sockaddr_in6& address)
{
    if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr))
    {
        in_addr mapped{};
        std::memcpy(&mapped, &address.sin6_addr.s6_addr[mappedPrefix], sizeof mapped);
        return ipv4Peer(mapped, address.sin6_port);
    }
    ClientKey key{};
    std::copy_n(std::begin(address.sin6_addr.s6_addr), countedIpv6Octets, key.begin());
    return {textOf(AF_INET6, &address.sin6_addr), ntohs(address.sin6_port), key};
}

} // namespace

Peer peerOf(const sockaddr_storage& address)
{
    if (address.ss_family == AF_INET)
    {
        const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
        return ipv4Peer(ipv4.sin_addr, ipv4.sin_port);
    }
    if (address.ss_family == AF_INET6)
        return ipv6Peer(reinterpret_cast<const sockaddr_in6&>(address));
    return {"unix", 0, std::nullopt};
}

} // namespace mpsmtp::net
