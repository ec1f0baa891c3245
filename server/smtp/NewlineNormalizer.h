// Makes CRLF of each bare CR and each bare LF in mail data (RFC 5321 2.3.8), for `bare_newline =
// normalize`.
// Thread safety: [connection].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

/// Use: append() each piece of decoded mail data, finish() at its end. CR CR LF is a bare CR and a
/// CRLF.
class NewlineNormalizer
{
public:
    /// Appends the normalized form of `octets` to `out`, at most twice as many octets plus one. The
    /// LF that a CR at their end lacks, if it lacks one, is appended by the next call.
    void append(std::string_view octets, std::string& out);

    /// The mail data ended: appends LF if it ended in CR.
    void finish(std::string& out);

    /// Starts anew for the next message.
    void reset() noexcept { _afterCr = false; }

private:
    bool _afterCr = false;
};

} // namespace mpsmtp::smtp
