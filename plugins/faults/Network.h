// An address or a network of clients: "192.0.2.0/24", "2001:db8::1", or "unix" for clients of a Unix socket.
// Thread safety: [any] (immutable).
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace mpsmtp::faults
{

class Network
{
public:
    /// \return nothing if `text` is none
    [[nodiscard]] static std::optional<Network> parse(std::string_view text) noexcept;

    /// \param address  as Session::clientAddress() has it
    [[nodiscard]] bool contains(std::string_view address) const noexcept;

private:
    /// IPv4 addresses are kept as IPv6 has them (::ffff:a.b.c.d), so that there is one comparison.
    using Octets = std::array<unsigned char, 16>;

    [[nodiscard]] static std::optional<Octets> octetsOf(std::string_view address) noexcept;

    bool _isUnix = false;
    Octets _octets{};
    unsigned _bits = 0; ///< of 128
};

} // namespace mpsmtp::faults
