// Addresses to listen at: from their text in the configuration to socket addresses and back.
//   address = host ":" port / "[" IPv6 "]:" port / "*:" port / "unix:" absolute-path
// Thread safety: [any].
#pragma once

#include <string>
#include <vector>

#include <sys/socket.h>

namespace mpsmtp::net
{

struct Endpoint
{
    sockaddr_storage address{};
    socklen_t length = 0;

    [[nodiscard]] int family() const noexcept { return address.ss_family; }

    [[nodiscard]] const sockaddr* get() const noexcept
    {
        return reinterpret_cast<const sockaddr*>(&address);
    }

    [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&address); }
};

/// What `address` stands for: several endpoints for "*" (all of IPv4, all of IPv6), for "localhost"
/// (both loopbacks, RFC 6761 6.3, whatever the hosts file lists) and for names with several
/// addresses.
/// \throws std::system_error that names the address and says what to write instead
[[nodiscard]] std::vector<Endpoint> resolve(const std::string& address);

/// As in the configuration: "127.0.0.1:25", "[::1]:25", "unix:/path".
[[nodiscard]] std::string toText(const Endpoint& endpoint);

/// \return "" if `endpoint` is no Unix socket
[[nodiscard]] std::string unixPath(const Endpoint& endpoint);

/// What stands behind the last colon of "HOST:PORT".
[[nodiscard]] std::string portOf(const std::string& address);

/// \throws std::system_error "cannot listen on ADDRESS: ADVICE: what `error` means"
[[noreturn]] void
throwCannotListen(const std::string& address, int error, const std::string& advice);

} // namespace mpsmtp::net
