// What this is and its thread safety: Network.h.
#include "faults/Network.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <arpa/inet.h>

namespace mpsmtp::faults
{

namespace
{

constexpr std::string_view unixClient = "unix";
constexpr unsigned bitsOfIpv6 = 128;
constexpr unsigned bitsInFrontOfIpv4 = 96;

std::optional<unsigned> prefixLength(std::string_view digits, unsigned most) noexcept
{
    unsigned value = 0;
    const auto* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || value > most)
        return std::nullopt;
    return value;
}

} // namespace

std::optional<Network::Octets> Network::octetsOf(std::string_view address) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> text{}; // inet_pton wants an end
    if (address.size() >= text.size())
        return std::nullopt;
    std::copy(address.begin(), address.end(), text.begin());
    Octets octets{};
    if (::inet_pton(AF_INET6, text.data(), octets.data()) == 1)
        return octets;
    octets = {};
    octets[10] = octets[11] = 0xFF;
    if (::inet_pton(AF_INET, text.data(), octets.data() + 12) == 1)
        return octets;
    return std::nullopt;
}

std::optional<Network> Network::parse(std::string_view text) noexcept
{
    Network network;
    network._isUnix = text == unixClient;
    if (network._isUnix)
        return network;
    const auto slash = text.find('/');
    const auto address = text.substr(0, slash);
    const auto octets = octetsOf(address);
    if (!octets)
        return std::nullopt;
    network._octets = *octets;
    network._bits = bitsOfIpv6;
    if (slash == std::string_view::npos)
        return network;
    const unsigned before = address.find(':') == std::string_view::npos ? bitsInFrontOfIpv4 : 0;
    const auto length = prefixLength(text.substr(slash + 1), bitsOfIpv6 - before);
    if (!length)
        return std::nullopt;
    network._bits = before + *length;
    return network;
}

bool Network::contains(std::string_view address) const noexcept
{
    if (_isUnix)
        return address == unixClient;
    const auto octets = octetsOf(address);
    if (!octets)
        return false;
    const unsigned whole = _bits / 8;
    if (!std::equal(_octets.begin(), _octets.begin() + whole, octets->begin()))
        return false;
    const unsigned rest = _bits % 8;
    return rest == 0 || ((_octets[whole] ^ (*octets)[whole]) >> (8 - rest)) == 0;
}

} // namespace mpsmtp::faults
