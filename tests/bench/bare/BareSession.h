// The bare server's side of one connection: blocking recv and send, a command at a time, the least of RFC 5321 that a load
// generator needs (EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, QUIT). Replies are kept until the client's octets are used up, so
// that pipelining is worth its while. A line without an end, or a message that the store refuses by an error, ends it well.
// Thread safety: [one thread].
#pragma once

#include "bench/bare/Mailboxes.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::bench
{

class BareSession
{
public:
    /// \param socket     stays the caller's
    /// \param mailboxes  outlives the session
    BareSession(int socket, Mailboxes& mailboxes, std::size_t boxes);

    /// Returns when the client or the server has said good-bye, or the connection is gone.
    void run();

private:
    /// A command longer than this is none (RFC 5321, section 4.5.3.1.4, and room).
    static constexpr std::size_t longestLine = 2000;

    [[nodiscard]] bool receive();
    [[nodiscard]] bool flush();
    [[nodiscard]] std::optional<std::string> line();
    [[nodiscard]] bool perform(std::string_view command);
    void recipient(std::string_view command);
    [[nodiscard]] bool data();
    [[nodiscard]] std::optional<std::string> content();
    void deliver(std::string_view content);
    void reset();
    void reply(std::string_view text);

    const int _socket;
    Mailboxes& _mailboxes;
    const std::size_t _boxes;
    std::string _in;
    std::size_t _at = 0; ///< octets of _in before it are used up
    std::string _out;
    bool _hasMail = false;
    std::vector<std::size_t> _recipients;
};

/// The number N of "boxN@…" in a RCPT command, if it is below `boxes`. Without boxes every recipient is number 0.
[[nodiscard]] std::optional<std::size_t> boxOf(std::string_view command, std::size_t boxes);

/// Takes away the dot in front of each line that begins with one (RFC 5321, section 4.5.2).
void unstuff(std::string& content);

} // namespace mpsmtp::bench
