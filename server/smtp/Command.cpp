// Verbs by a table of names (RFC 5321 4.1.1; RFC 3030, 3207, 4954; HTTP methods of RFC 9110 9.3,
// RFC 5789, RFC 9113 3.4).
#include "smtp/Command.h"

#include "smtp/Ascii.h"

#include <array>

namespace mpsmtp::smtp
{
namespace
{

struct VerbName
{
    std::string_view name;
    Verb verb;
};

// What a busy client sends most stands first.
constexpr std::array<VerbName, 24> verbNames{{
    {"MAIL", Verb::Mail},         {"RCPT", Verb::Rcpt},    {"DATA", Verb::Data},
    {"BDAT", Verb::Bdat},         {"EHLO", Verb::Ehlo},    {"QUIT", Verb::Quit},
    {"RSET", Verb::Rset},         {"NOOP", Verb::Noop},    {"HELO", Verb::Helo},
    {"STARTTLS", Verb::StartTls}, {"AUTH", Verb::Auth},    {"VRFY", Verb::Vrfy},
    {"EXPN", Verb::Expn},         {"HELP", Verb::Help},    {"GET", Verb::Http},
    {"POST", Verb::Http},         {"PUT", Verb::Http},     {"HEAD", Verb::Http},
    {"DELETE", Verb::Http},       {"OPTIONS", Verb::Http}, {"PATCH", Verb::Http},
    {"CONNECT", Verb::Http},      {"TRACE", Verb::Http},   {"PRI", Verb::Http},
}};

// HTTP-version = "HTTP/" DIGIT "." DIGIT
// It ends the request line of any other method, PROPFIND for one.
constexpr bool endsInHttpVersion(std::string_view line) noexcept
{
    constexpr std::string_view name = "HTTP/";
    constexpr std::size_t length = name.size() + 3;
    if (line.size() < length)
        return false;
    const std::string_view version = line.substr(line.size() - length);
    return version.substr(0, name.size()) == name && isDigit(version[5]) && version[6] == '.' &&
           isDigit(version[7]);
}

constexpr Verb verbOf(std::string_view word) noexcept
{
    for (const VerbName& candidate : verbNames)
    {
        if (equalsIgnoringCase(word, candidate.name))
            return candidate.verb;
    }
    return Verb::Unknown;
}

unsigned char octetAt(std::string_view text, std::size_t index) noexcept
{
    return static_cast<unsigned char>(text[index]);
}

} // namespace

// command = verb [SP argument]
// A tab does for the space, blanks at the end are dropped (RFC 5321 4.1.1).
Command parseCommand(std::string_view line) noexcept
{
    std::string_view rest = line;
    const Verb verb = verbOf(takeWord(rest));
    const std::string_view argument = trimmed(rest);
    if (verb == Verb::Unknown && endsInHttpVersion(argument))
        return {Verb::Http, argument};
    return {verb, argument};
}

bool looksLikeTlsHello(std::string_view firstOctets) noexcept
{
    constexpr unsigned char handshakeRecord = 0x16;
    constexpr unsigned char sslv2ClientHello = 0x01;
    if (firstOctets.size() < 2)
        return false;
    if (octetAt(firstOctets, 0) == handshakeRecord)
        return octetAt(firstOctets, 1) == 0x03;
    // SSLv2: two octets of length with the top bit set, then the type of the message (RFC 5246
    // E.2). No hello is as short as 10 octets: an LF ends a line, answered if it came alone.
    return firstOctets.size() >= 3 && (octetAt(firstOctets, 0) & 0x80) != 0 &&
           firstOctets[1] != '\n' && octetAt(firstOctets, 2) == sslv2ClientHello;
}

} // namespace mpsmtp::smtp
