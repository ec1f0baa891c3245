// Domains and address literals, as in HELO, EHLO and paths (RFC 5321 4.1.2, 4.1.3; RFC 6531 3.3).
// Grammar only: nothing is looked up. Thread safety: [any] (pure functions).
#pragma once

#include <cstddef>
#include <string_view>

namespace mpsmtp::smtp
{

/// Longest domain in octets (RFC 5321 4.5.3.1.2).
constexpr std::size_t maxDomainOctets = 255;

/// True if `text` is a Domain: sub-domains of letters, digits and inner hyphens, or of UTF-8
/// letters (RFC 6531), each of 1..63 octets, parted by single dots, at most 255 octets.
[[nodiscard]] bool isDomain(std::string_view text) noexcept;

/// True if `text` is what people use as a domain: as isDomain(), but with underscores, outer
/// hyphens, long labels and one trailing dot.
[[nodiscard]] bool isLenientDomain(std::string_view text) noexcept;

/// True if `text` is an address-literal with its brackets: [192.0.2.1], [IPv6:2001:db8::1],
/// [tag:dcontent].
[[nodiscard]] bool isAddressLiteral(std::string_view text) noexcept;

/// True if `text` is an IPv4 address in dotted decimal, each number 0..255.
[[nodiscard]] bool isIpv4Address(std::string_view text) noexcept;

/// True if `text` is an IPv6 address of RFC 5321 4.1.3 (full, compressed, or with an IPv4 tail).
[[nodiscard]] bool isIpv6Address(std::string_view text) noexcept;

/// True if `argument` is acceptable after HELO or EHLO. Always: 1..255 octets of printable ASCII or
/// valid UTF-8, no space and no control. `strict`: a Domain or an address-literal and nothing else
/// (RFC 5321 4.1.1.1).
[[nodiscard]] bool isValidHelo(std::string_view argument, bool strict) noexcept;

} // namespace mpsmtp::smtp
