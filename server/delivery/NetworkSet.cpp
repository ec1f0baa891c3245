// What this is and its thread safety: NetworkSet.h.
#include "delivery/NetworkSet.h"

#include "delivery/Values.h"

#include <algorithm>
#include <cstddef>

#include <arpa/inet.h>

namespace mpsmtp::delivery
{

namespace
{

constexpr unsigned octetBits = 8;
constexpr unsigned ipv4Bits = 32;
constexpr unsigned ipv6Bits = 128;
constexpr unsigned mappedBits = ipv6Bits - ipv4Bits; // ::ffff:0:0/96
constexpr std::size_t longestText = 46;              // INET6_ADDRSTRLEN

constexpr std::array<std::uint8_t, mappedBits / octetBits> mappedPrefix{
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool isMapped(const std::array<std::uint8_t, 16>& octets) noexcept
{
    return std::equal(mappedPrefix.begin(), mappedPrefix.end(), octets.begin());
}

/// ::ffff:192.0.2.1 → 192.0.2.1
IpAddress unmapped(const IpAddress& address) noexcept
{
    IpAddress result{{}, true};
    std::copy(
        address.octets.begin() + mappedPrefix.size(), address.octets.end(), result.octets.begin());
    return result;
}

/// As written: a mapped address is not an IPv4 address yet, since a prefix length may follow.
std::optional<IpAddress> parseAsWritten(std::string_view text) noexcept
{
    std::array<char, longestText> terminated{}; // inet_pton wants a NUL behind the text
    if (text.size() >= terminated.size() || text.find('\0') != text.npos)
        return std::nullopt;
    std::copy(text.begin(), text.end(), terminated.begin());
    IpAddress address;
    address.isIpv4 = ::inet_pton(AF_INET, terminated.data(), address.octets.data()) == 1;
    if (!address.isIpv4 && ::inet_pton(AF_INET6, terminated.data(), address.octets.data()) != 1)
        return std::nullopt;
    return address;
}

} // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept
{
    const auto address = parseAsWritten(text);
    return address && !address->isIpv4 && isMapped(address->octets) ? unmapped(*address) : address;
}

IpAddress IpAddress::masked(unsigned bits) const noexcept
{
    IpAddress result = *this;
    for (std::size_t i = 0; i < octets.size(); ++i)
    {
        const auto before = static_cast<unsigned>(i) * octetBits;
        const unsigned kept = bits <= before ? 0 : std::min(bits - before, octetBits);
        result.octets[i] = static_cast<std::uint8_t>(octets[i] & (0xff00u >> kept));
    }
    return result;
}

std::string IpAddress::text() const
{
    std::array<char, longestText> text{};
    return ::inet_ntop(isIpv4 ? AF_INET : AF_INET6, octets.data(), text.data(), text.size());
}

std::variant<Network, std::string> Network::parse(std::string_view text)
{
    const auto slash = text.find('/');
    const auto address = parseAsWritten(text.substr(0, slash));
    if (!address)
        return "is not " + std::string(networkAccepted);
    const unsigned most = address->isIpv4 ? ipv4Bits : ipv6Bits;
    const auto bits = slash == text.npos ? most : parseInteger(text.substr(slash + 1));
    if (!bits || *bits < 0 || *bits > most)
        return "has no prefix length from 0 to " + std::to_string(most) + " behind the /";
    Network network{*address, static_cast<unsigned>(*bits)};
    if (!address->isIpv4 && network.bits >= mappedBits && isMapped(address->octets))
        network = {unmapped(*address), network.bits - mappedBits};
    // A slip of one digit in either half would let in, or keep out, whole networks.
    if (const auto masked = network.address.masked(network.bits);
        masked.octets != network.address.octets)
        return "has bits behind its prefix; write " + masked.text() + "/" +
               std::to_string(network.bits) + " for the network or " + network.address.text() +
               " for the one address";
    return network;
}

void NetworkSet::add(const Network& network)
{
    _networks[{network.address.isIpv4, network.bits}].insert(network.address.octets);
}

bool NetworkSet::contains(const IpAddress& address) const noexcept
{
    return std::any_of(_networks.begin(),
                       _networks.end(),
                       [&](const auto& each)
                       {
                           const auto& [isIpv4, bits] = each.first;
                           return isIpv4 == address.isIpv4 &&
                                  each.second.count(address.masked(bits).octets) != 0;
                       });
}

} // namespace mpsmtp::delivery
