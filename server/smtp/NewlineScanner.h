// Finds a CR without LF or an LF without CR in mail data (RFC 5321 2.3.8, 4.1.1.4), for
// `bare_newline = reject`.
// Thread safety: [connection].
#pragma once

#include <string_view>

namespace mpsmtp::smtp
{

/// Use: scan() each piece of decoded mail data, finish() at its end, then ask foundBareNewline().
class NewlineScanner
{
public:
    /// Looks through the next octets; a CRLF may be split between two calls.
    void scan(std::string_view octets) noexcept;

    /// The mail data ended: a CR at its very end is bare.
    void finish() noexcept;

    [[nodiscard]] bool foundBareNewline() const noexcept { return _found; }

    /// Starts anew for the next message.
    void reset() noexcept;

private:
    bool _found = false;
    bool _afterCr = false;
};

} // namespace mpsmtp::smtp
