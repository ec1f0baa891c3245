// SMTP replies (RFC 5321 4.2) with enhanced status codes (RFC 2034, RFC 3463) and their wire form.
// Thread safety: [any] (values); ReplyWriter [connection].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

/// A reply known at compile time: costs no allocation. `enhanced` is "" where RFC 2034 has none (greeting, HELO, EHLO, 3xx).
struct FixedReply
{
    unsigned code;
    std::string_view enhanced;
    std::string_view text;
};

/// A reply made at run time. `text` may hold several lines parted by '\n'; the writer makes them printable.
struct Reply
{
    unsigned code = 0;
    std::string enhanced;
    std::string text;

    Reply() = default;
    Reply(unsigned replyCode, std::string enhancedCode, std::string replyText);
    Reply(const FixedReply& fixed); // NOLINT(google-explicit-constructor): a constant is a reply

    /// No reply at all: the connection is closed without a word.
    [[nodiscard]] bool isSilent() const noexcept { return code == 0; }

    [[nodiscard]] bool isPositive() const noexcept { return code >= 200 && code < 300; }
};

/// Appends the wire form of replies to a buffer: "250-2.0.0 text CRLF". Whatever is not printable ASCII (or valid UTF-8,
/// for SMTPUTF8 sessions) becomes '?', and a line is at most 512 octets long with its CRLF (RFC 5321 4.5.3.1.5).
class ReplyWriter
{
public:
    enum class Then
    {
        End,
        MoreLines
    };

    explicit ReplyWriter(std::string& out) noexcept : _out(out) {}

    /// True while the transaction has SMTPUTF8: only then may a reply hold UTF-8 (RFC 6531 3.7.4).
    void allowUtf8(bool allowed) noexcept { _utf8Allowed = allowed; }

    void write(const FixedReply& reply) { write(reply.code, reply.enhanced, reply.text); }

    void write(const Reply& reply) { write(reply.code, reply.enhanced, reply.text); }

    /// `enhanced` "" for none; `text` may hold several lines parted by '\n', and a line that is too long goes on in the
    /// next line of the reply.
    /// With MoreLines the reply goes on: another write() of the same codes follows.
    void
    write(unsigned code, std::string_view enhanced, std::string_view text, Then then = Then::End);

private:
    void writeLine(unsigned code, char separator, std::string_view enhanced, std::string_view text);

    std::string& _out;
    bool _utf8Allowed = false;
};

} // namespace mpsmtp::smtp
