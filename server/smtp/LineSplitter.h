// Command lines out of a stream of octets. A line ends in CRLF or, because people type commands through tools that send
// only that, in a bare LF (a deviation from RFC 5321 2.3.8; mail data is not read here). A CR elsewhere stays in the line.
// Lines over the limit are passed over without being stored. RFC 5321 2.3.8, 4.5.3.1.4. Thread safety: [connection].
#pragma once

#include <cstddef>
#include <string_view>

namespace mpsmtp::smtp
{

class LineSplitter
{
public:
    enum class Status
    {
        Line,       ///< `line` is complete
        Incomplete, ///< more octets are needed
        TooLong, ///< the line passed the limit just now; said once for each such line, the rest of it is passed over
        Endless ///< so much of a line has been passed over that it is no line
    };

    struct Result
    {
        Status status;
        std::size_t
            consumed; ///< octets of the input that are done with, the line and its end among them
        std::string_view
            line; ///< without its end; of a TooLong one the beginning. A view of the input
    };

    /// Octets of one line that are passed over before it is called endless.
    static constexpr std::size_t maxSkippedOctets = 1024 * 1024;

    /// `maxLineOctets`: of a line with its end.
    explicit LineSplitter(std::size_t maxLineOctets) noexcept : _maxLineOctets(maxLineOctets) {}

    /// `input` begins with what the last call did not consume.
    [[nodiscard]] Result next(std::string_view input) noexcept;

private:
    [[nodiscard]] Result passOver(std::string_view input) noexcept;

    const std::size_t _maxLineOctets;
    std::size_t _searched = 0; // octets at the front of the input known to hold no LF
    std::size_t _skipped = 0;
    bool _isSkipping = false;
};

} // namespace mpsmtp::smtp
