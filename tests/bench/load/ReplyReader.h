// Replies of a server, out of octets that come in any portions (RFC 5321, section 4.2).
// Thread safety: [one thread].
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mpsmtp::bench
{

struct Reply
{
    int code = 0;          ///< 0: that was no reply
    std::string_view line; ///< its last line without the end; until the next call of the reader
};

class ReplyReader
{
public:
    void add(std::string_view octets);

    /// The next complete reply; none: more octets are needed.
    [[nodiscard]] std::optional<Reply> next();

private:
    /// What a peer may send without an end of line before it is taken for none of ours.
    static constexpr std::size_t longestLine = 16384;

    std::string _octets;
    std::size_t _at = 0; ///< begin of the line that comes next
};

} // namespace mpsmtp::bench
