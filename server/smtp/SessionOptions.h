// What a listener's configuration means for its sessions. Immutable while sessions use it. Thread safety: [any].
#pragma once

#include <cstddef>
#include <cstdint>

namespace mpsmtp::smtp
{

/// What becomes of a CR without LF, or an LF without CR, inside mail data. None of these ends the data.
enum class BareNewline
{
    Keep,      ///< stored as sent
    Normalize, ///< stored as CRLF
    Reject     ///< 554 5.6.0 after the data
};

struct SessionOptions
{
    std::uint64_t maxMessageOctets = 50u * 1024 * 1024; ///< RFC 1870; 0: no limit
    std::size_t maxRecipients = 1000;                   ///< at least 100 (RFC 5321 4.5.3.1.8)
    unsigned maxErrors = 20;                            ///< bad commands before 421; 0: no limit
    std::size_t maxLineOctets =
        4096; ///< a command line with its CRLF (RFC 5321 4.5.3.1.4 and extensions)
    BareNewline bareNewline = BareNewline::Keep;
    bool strictAddresses =
        false; ///< RFC 5321 grammar only: brackets and a domain required, no space after the colon
};

} // namespace mpsmtp::smtp
