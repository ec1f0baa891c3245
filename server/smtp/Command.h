// What a client says first: the verb of a command line and its argument, or a protocol that is not
// SMTP. Arguments are parsed elsewhere (MailArguments.h); whether a verb fits the moment is
// Session's to say. RFC 5321 2.4, 4.1.1.
// Thread safety: [any] (pure functions).
#pragma once

#include <string_view>

namespace mpsmtp::smtp
{

enum class Verb
{
    Helo,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    Bdat,
    Rset,
    Noop,
    Vrfy,
    Expn,
    Help,
    Quit,
    StartTls,
    Auth,
    Http, ///< an HTTP request line: a browser was sent here by a hostile page; close at once
    Unknown
};

/// A view of a command line; lives as long as the line.
struct Command
{
    Verb verb;
    std::string_view argument; ///< without leading and trailing spaces and tabs; "FROM:…" for MAIL
};

/// Splits `line` (without its line end) into verb and argument. Never fails: what is no command is
/// Verb::Unknown. Verbs ignore case (RFC 5321 2.4). Allocates nothing.
[[nodiscard]] Command parseCommand(std::string_view line) noexcept;

/// True if the first octets of a connection begin a TLS handshake (a record of type 22, or an SSLv2
/// ClientHello): the client expects implicit TLS. False for whatever begins with a printable octet,
/// and for fewer than 3 octets unless they already decide it (0x16 0x03).
[[nodiscard]] bool looksLikeTlsHello(std::string_view firstOctets) noexcept;

} // namespace mpsmtp::smtp
