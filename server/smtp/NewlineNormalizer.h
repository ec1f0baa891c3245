// Makes CRLF of each bare CR and each bare LF in mail data (RFC 5321 2.3.8), for `bare_newline = normalize`.
// Thread safety: [connection].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

/// Use: append() each piece of decoded mail data, finish() at its end. CR CR LF is a bare CR and a CRLF.
class NewlineNormalizer
{
public:
    /// Appends the normalized form of `octets` to `out`, at most twice as many octets plus one. A CR at their end waits
    /// for the next call to tell what it was.
    void append(std::string_view octets, std::string& out);

    /// The mail data ended: appends CRLF if a CR still waits.
    void finish(std::string& out);

    /// Starts anew for the next message; a CR that waits is forgotten.
    void reset() noexcept { _pendingCr = false; }

private:
    bool _pendingCr = false;
};

} // namespace mpsmtp::smtp
