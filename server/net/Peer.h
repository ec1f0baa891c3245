// Who a client is: for the session, for the log and for the limit per client.
// Thread safety: [any] (values).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/socket.h>

namespace mpsmtp::net
{

/// What the limit per client counts by: an IPv4 address (also when it comes mapped into IPv6), or
/// the /64 of an IPv6 address, since one IPv6 host usually owns all of its /64.
using ClientKey = std::array<std::uint8_t, 16>;

struct Peer
{
    std::string address; ///< "192.0.2.1", "2001:db8::1", "unix"
    unsigned port = 0;
    std::optional<ClientKey> key; ///< none for Unix sockets: they are not counted
};

[[nodiscard]] Peer peerOf(const sockaddr_storage& address);

} // namespace mpsmtp::net
