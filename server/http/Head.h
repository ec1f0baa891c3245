// Whether what a client has sent so far is the head of a request: all that must be known before a thread is spent on it. What
// the head says is read by POCO. RFC 9112 sections 2 and 3.
// Thread safety: [any].
#pragma once

#include <cstddef>
#include <string_view>

namespace mpsmtp::http
{

enum class Head
{
    Unfinished, ///< more must come
    Whole,      ///< up to the empty line behind its fields
    NoRequest, ///< nothing that comes can make a request of it: TLS, another protocol or form, noise
    OtherVersion, ///< a request of HTTP/2 or of another major version than ours
    LongLine,     ///< no end of the request line in mostHeadOctets
    Large         ///< no end of the fields in mostHeadOctets
};

/// More than any scraper sends, and less than the kernel keeps for a connection, so that all of it can be seen at once.
constexpr std::size_t mostHeadOctets = 32 * 1024;

/// \param octets from the begin of the connection; no more than mostHeadOctets are looked at
[[nodiscard]] Head headOf(std::string_view octets) noexcept;

} // namespace mpsmtp::http
