// The syntax of `address` in a [listener:NAME] section, checked without opening a socket so that
// --check-config sees it. Leaves to others: resolving names and binding (net/).
//
//   address = host ":" port / "[" IPv6 "]" ":" port / "*" ":" port / "unix:" path / "systemd:" name
//   port    = 1*5DIGIT                       ; 0 to 65535, 0: any free one
//
// Thread safety: [any].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::app
{

/// \return what is wrong with `address`, or "" if nothing is
[[nodiscard]] std::string listenAddressProblem(std::string_view address);

/// True if only programs on this machine can connect to it: 127.0.0.0/8, ::1, localhost, Unix
/// sockets. For an address without a problem. What systemd holds is taken for one that others can reach.
[[nodiscard]] bool isLocalAddress(std::string_view address) noexcept;

/// True for port 0, which the system replaces by a free one.
[[nodiscard]] bool isAnyPort(std::string_view address) noexcept;

/// "HOST:PORT", with brackets around an IPv6 address.
[[nodiscard]] std::string joinHostPort(std::string_view host, std::string_view port);

/// A host's name (RFC 1123) or an address literal (RFC 5321 4.1.3), loosely.
[[nodiscard]] bool isDomainName(std::string_view text) noexcept;

} // namespace mpsmtp::app
