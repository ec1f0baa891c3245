// Client addresses and networks (RFC 4632, RFC 4291): many of them, with one question: is this client in one?
// IPv4 addresses that come mapped into IPv6 (::ffff:192.0.2.1, RFC 4291 2.5.5.2) are IPv4 addresses here.
// Thread safety: [any] once it is filled (no mutable state).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace mpsmtp::delivery
{

struct IpAddress
{
    std::array<std::uint8_t, 16> octets{}; ///< an IPv4 address has 4, and zeros behind them
    bool isIpv4 = false;

    /// Nothing if `text` is no address ("unix", for one).
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text) noexcept;

    /// The same with zeros behind the first `bits`.
    [[nodiscard]] IpAddress masked(unsigned bits) const noexcept;

    [[nodiscard]] std::string text() const;
};

struct Network
{
    IpAddress address;
    unsigned bits = 0; ///< 0..32 or 0..128

    /// Reads "192.0.2.1", "192.0.2.0/24", "2001:db8::/32". \return the network, or what is wrong with it, as "is no …"
    [[nodiscard]] static std::variant<Network, std::string> parse(std::string_view text);
};

/// One search for each length of prefix that is in use.
class NetworkSet
{
public:
    void add(const Network& network);

    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

private:
    using Kind = std::pair<bool, unsigned>; ///< is IPv4, bits
    std::map<Kind, std::set<std::array<std::uint8_t, 16>>> _networks;
};

} // namespace mpsmtp::delivery
