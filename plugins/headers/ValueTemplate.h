// The value of a header field with placeholders: `%{client} said %{helo}`, compiled once and expanded
// for each message. What comes from a client cannot begin another line. Leaves lengths to Folding.
//
//   template = *( literal / "%%" / "%{" name "}" )
//   name     = "client" / "helo" / "sender" / "id" / "listener" / "date" / "auth" / "rcpt"
//
// Thread safety: [any] (immutable).
#pragma once

#include <mpsmtp/Context.h>
#include <mpsmtp/Envelope.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::headers
{

class ValueTemplate
{
public:
    /// \throws std::invalid_argument with a sentence for the administrator
    explicit ValueTemplate(std::string_view text);

    /// One line: CR, LF and tabs of what is put in become spaces, other control octets '?'.
    [[nodiscard]] std::string expand(const Envelope& envelope, const Clock& clock) const;

private:
    enum class Source : std::uint8_t
    {
        Literal,
        Client,
        Helo,
        Sender,
        Id,
        Listener,
        Date,
        Identity,
        Recipients
    };

    struct Part
    {
        Source source = Source::Literal;
        std::string text; // the literal
    };

    [[nodiscard]] static Source sourceOf(std::string_view name);
    [[nodiscard]] static std::string
    valueOf(Source source, const Envelope& envelope, const Clock& clock);
    void addLiteral(std::string_view text);

    std::vector<Part> _parts;
};

/// RFC 5322 3.3, in UTC: "Thu, 01 Jan 2026 00:00:00 +0000".
[[nodiscard]] std::string dateTime(std::chrono::system_clock::time_point when);

} // namespace mpsmtp::headers
