// Mail data of the DATA command: takes the dots out that transparency put in, and finds the end
// (RFC 5321 4.5.2, 4.1.1.4). The end is CRLF.CRLF and nothing else: servers that took a bare LF or
// CR there were made to read one message as two (SMTP smuggling, CVE-2023-51764, -51765, -51766).
// Bare newlines themselves pass through unchanged (NewlineScanner and NewlineNormalizer deal with
// them).
// Thread safety: [connection].
#pragma once

#include <cstddef>

namespace mpsmtp::smtp
{

/// Decodes in place, so that octets can be received into the buffer where they stay. Touches each
/// octet once.
class DataDecoder
{
public:
    struct Result
    {
        std::size_t kept;     ///< octets at the front of the buffer that are mail data now
        std::size_t consumed; ///< octets of the input that are done with
        bool ended;           ///< the end of the mail data was in the input
    };

    /// Decodes `size` octets at `data`. If the data ended, [consumed, size) is what the client sent
    /// after it. If not, [consumed, size) is at most 2 octets ("." or ".CR" at a line start) that
    /// mean nothing yet: give them again, in front of the next input.
    [[nodiscard]] Result decode(char* data, std::size_t size) noexcept;

    /// decode() with other means to search and to move, for tests that count them. Defined in
    /// DotTransparency.h; `Octets` is as FastOctets there.
    template <typename Octets>
    [[nodiscard]] Result decodeWith(char* data, std::size_t size) noexcept;

    /// Starts anew. The CRLF of the DATA command counts: ".CRLF" at once is an empty message.
    void reset() noexcept;

private:
    template <typename Octets>
    friend class DotTransparency;

    bool _atLineStart = true; ///< all before the next octet ended in CRLF
    bool _afterCr = false;    ///< the octet before the next one is a CR
};

} // namespace mpsmtp::smtp
