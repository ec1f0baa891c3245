// The seed's framing shows who sent a message as a field "X-Peer: ADDRESS" in front of its first
// empty line. Here that line is put into text that passes by in pieces.
// Thread safety: [connection].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::console
{

/// Lines end in LF. Text without an empty line gets the field at its end.
class PeerField
{
public:
    explicit PeerField(std::string_view address);

    void append(std::string_view text, std::string& out);

    /// End of input: ends the last line if it is open.
    void finish(std::string& out);

private:
    const std::string _field;
    bool _atLineStart = true;
    bool _isWritten = false;
};

} // namespace mpsmtp::console
