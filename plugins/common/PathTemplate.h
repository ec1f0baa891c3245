// The `path` of a store: `mail/%{rcpt.domain}/%{rcpt.user}`, compiled once and expanded for each
// recipient. Whatever an address holds, the result lies inside the template's base folder and
// belongs to that address alone. Leaves the encoding of one value to PathComponent, and folders to
// FolderCache.
// Thread safety: [any] (immutable).
//
//   template   = *( literal / "%%" / "%{" value [ ":lowercase" ] "}" )
//   value      = "rcpt" / "rcpt.user" / "rcpt.mailbox" / "rcpt.detail" / "rcpt.domain" /
//                "sender" / "sender.user" / "sender.domain" / "client" / "listener" / "id" /
//                "date:" 1*( "%" date-field / literal )
//   date-field = "Y" / "m" / "d" / "H" / "M" / "S" / "j" / "V" / "G" / "y" / "%"
//                ; UTC, as strftime
#pragma once

#include <mpsmtp/Envelope.h>
#include <mpsmtp/Reply.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::store
{

/// What the values of a template are taken from. Borrowed views.
struct PathValues
{
    /// Of one recipient of a mail transaction.
    [[nodiscard]] static PathValues of(const Envelope& envelope, const Recipient& recipient);

    std::string_view localPart; ///< unquoted
    std::string_view domain;    ///< in lower case
    std::string_view sender;    ///< as sent, without brackets; "" for the null reverse-path
    std::string_view client;
    std::string_view listener;
    std::string_view id;
    std::time_t receivedAt = 0;
};

/// A compiled template.
class PathTemplate
{
public:
    /// \throws std::invalid_argument with a sentence for the administrator
    explicit PathTemplate(std::string_view text);

    /// The path for one recipient, or nullopt if a component of it would be longer than the 255
    /// octets of a file name (answer 553 5.1.3).
    ///
    /// Every value becomes exactly one path component or part of one, by a reversible encoding:
    /// values that differ give paths that differ. Two values in one component stay apart because
    /// the text between them is encoded inside them.
    [[nodiscard]] std::optional<std::string> expand(const PathValues& values) const;

    /// The folder that every expansion lies in: the whole components in front of the first value
    /// (or of the last component), without a trailing slash; "/" or "." if there are none.
    [[nodiscard]] const std::string& base() const noexcept { return _base; }

    /// The folder that every mailbox is or lies in: base(), or the mailbox itself if all mail goes
    /// to one.
    [[nodiscard]] const std::string& home() const noexcept { return _home; }

private:
    enum class Source : std::uint8_t
    {
        Literal,
        Recipient,
        RecipientUser,
        RecipientMailbox,
        RecipientDetail,
        RecipientDomain,
        Sender,
        SenderUser,
        SenderDomain,
        Client,
        Listener,
        Id,
        Date
    };

    struct Part
    {
        Source source = Source::Literal;
        bool lowercase = false;
        std::string text; // the literal, or the date's format
    };

    struct Component
    {
        std::vector<Part> parts;
        bool hasValue = false;
    };

    class Parser;

    // "rcpt" is local-part@domain without quoting, so that "ben"@d and ben@d are one mailbox.
    [[nodiscard]] static std::string valueOf(const Part& part, const PathValues& values);
    [[nodiscard]] static std::string expand(const Component& component, const PathValues& values);

    std::vector<Component> _components; // joined by '/'
    std::string _base;
    std::string _home;
};

/// The sentence and codes for a recipient whose name is too long: 553 5.1.3.
[[nodiscard]] Reply mailboxNameTooLong();

} // namespace mpsmtp::store
