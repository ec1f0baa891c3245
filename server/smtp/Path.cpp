// The grammar of paths, read from front to back (RFC 5321 4.1.2, extended by RFC 6531 3.3).
//
// Reverse-path   = Path / "<>"
// Forward-path   = Path                                   ; and "<Postmaster>" (4.1.1.3)
// Path           = "<" [ A-d-l ":" ] Mailbox ">"
// A-d-l          = At-domain *( "," At-domain )           ; accepted and ignored (4.1.1.3, C)
// At-domain      = "@" Domain
// Mailbox        = Local-part "@" ( Domain / address-literal )
// Local-part     = Dot-string / Quoted-string             ; LocalPart.h
// Dot-string     = Atom *("." Atom)
// Atom           = 1*atext                                ; atext and qtextSMTP also UTF8-non-ascii
// Quoted-string  = DQUOTE *QcontentSMTP DQUOTE
// QcontentSMTP   = qtextSMTP / quoted-pairSMTP
// quoted-pairSMTP = %d92 %d32-126
// qtextSMTP      = %d32-33 / %d35-91 / %d93-126
//
// Lenient rules differ on purpose, for a server that people point their half-written programs at:
// "<" and ">" may both be missing, blanks may stand around and inside them, the domain may be
// missing, dots may stand anywhere in a Dot-string. Stricter than the grammar in both: an empty
// Quoted-string names nobody and is refused.
#include "smtp/Path.h"

#include "smtp/Ascii.h"
#include "smtp/Domain.h"
#include "smtp/LocalPart.h"
#include "smtp/Utf8.h"

#include <algorithm>

namespace mpsmtp::smtp
{
namespace
{

constexpr std::size_t maxPathOctets = 256;     // RFC 5321 4.5.3.1.3, with the brackets
constexpr std::size_t maxLocalPartOctets = 64; // 4.5.3.1.1
constexpr std::size_t maxVerpLocalPartOctets =
    200; // senders that carry a recipient: mailing lists exceed 64 for real

enum class Direction
{
    Reverse,
    Forward
};

enum class PathFault
{
    Syntax,
    NoDomain,
    TooLong,
    Null
};

// RFC 3463 3.2: X.1.7 is a bad sender's address, X.1.3 a bad destination's.
FixedReply refusal(PathFault fault, Direction direction) noexcept
{
    const bool reverse = direction == Direction::Reverse;
    const std::string_view enhanced = reverse ? "5.1.7" : "5.1.3";
    switch (fault)
    {
    case PathFault::NoDomain:
        return {501,
                enhanced,
                reverse ? "Sender address needs a domain" : "Recipient address needs a domain"};
    case PathFault::TooLong:
        return {501, enhanced, "Path too long"};
    case PathFault::Null:
        return {501, enhanced, "Recipient address is empty"};
    case PathFault::Syntax:
        break;
    }
    return {501, enhanced, reverse ? "Bad sender address syntax" : "Bad recipient address syntax"};
}

void setDomain(Path& path, std::string_view domain)
{
    if (!domain.empty() && domain.back() == '.')
        domain.remove_suffix(1);
    path.domain = domain;
    std::transform(path.domain.begin(), path.domain.end(), path.domain.begin(), toLower);
}

// Keeps the strings' capacity: one path is parsed for each MAIL and RCPT.
void clear(Path& path) noexcept
{
    path.localPart.clear();
    path.domain.clear();
    path.address.clear();
    path.nonAscii = false;
}

void compose(Path& path)
{
    appendLocalPart(path.address, path.localPart);
    if (!path.domain.empty())
    {
        path.address += '@';
        path.address += path.domain;
    }
    path.nonAscii = !isAsciiOnly(path.address);
}

class PathParser
{
public:
    PathParser(std::string_view text, const PathRules& rules, Direction direction) noexcept
        : _rest(text), _rules(rules), _direction(direction)
    {
    }

    std::optional<PathFault> parse(Path& path);

    [[nodiscard]] std::string_view rest() const noexcept { return _rest; }

private:
    using Fault = std::optional<PathFault>;

    Fault pathContent(Path& path);
    Fault mailbox(Path& path);
    bool sourceRoute() noexcept;
    bool localPart(Path& path);
    bool dotString(Path& path);
    bool quotedString(Path& path);
    Fault domain(Path& path);
    Fault missingDomain(Path& path) const;
    [[nodiscard]] Fault lengths(const Path& path, std::size_t mailboxOctets) const noexcept;

    bool take(char octet) noexcept;
    std::string_view takeUntil(std::string_view delimiters) noexcept;
    void skipBlanks() noexcept;
    [[nodiscard]] bool mayEndHere() const noexcept;
    [[nodiscard]] bool isDomainHere(std::string_view text) const noexcept;

    std::string_view _rest;
    const PathRules& _rules;
    Direction _direction;
    bool _bracketed = false;
};

bool PathParser::take(char octet) noexcept
{
    if (_rest.empty() || _rest.front() != octet)
        return false;
    _rest.remove_prefix(1);
    return true;
}

std::string_view PathParser::takeUntil(std::string_view delimiters) noexcept
{
    const std::string_view taken = _rest.substr(0, _rest.find_first_of(delimiters));
    _rest.remove_prefix(taken.size());
    return taken;
}

void PathParser::skipBlanks() noexcept
{
    if (!_rules.strict)
        _rest = withoutLeadingBlanks(_rest);
}

bool PathParser::isDomainHere(std::string_view text) const noexcept
{
    return _rules.strict ? isDomain(text) : isLenientDomain(text);
}

std::optional<PathFault> PathParser::parse(Path& path)
{
    skipBlanks();
    _bracketed = take('<');
    if (!_bracketed && _rules.strict)
        return PathFault::Syntax;
    if (_bracketed)
        skipBlanks();
    if (_bracketed && take('>'))
        return _direction == Direction::Forward ? Fault(PathFault::Null) : std::nullopt;
    if (const Fault fault = pathContent(path))
        return fault;
    if (_bracketed)
        skipBlanks();
    if (_bracketed && !take('>'))
        return PathFault::Syntax;
    return _rest.empty() || isBlank(_rest.front()) ? std::nullopt : Fault(PathFault::Syntax);
}

PathParser::Fault PathParser::pathContent(Path& path)
{
    if (!sourceRoute())
        return PathFault::Syntax;
    const std::size_t before = _rest.size();
    if (const Fault fault = mailbox(path))
        return fault;
    return lengths(path, before - _rest.size());
}

// [ A-d-l ":" ]: checked and dropped; mail goes to the Mailbox behind it.
bool PathParser::sourceRoute() noexcept
{
    if (_rest.empty() || _rest.front() != '@')
        return true;
    do
    {
        if (!take('@') || !isDomainHere(takeUntil(",:> \t")))
            return false;
    } while (take(','));
    return take(':');
}

PathParser::Fault PathParser::mailbox(Path& path)
{
    if (!localPart(path) || path.localPart.empty() || !isHarmlessUtf8(path.localPart))
        return PathFault::Syntax;
    return take('@') ? domain(path) : missingDomain(path);
}

bool PathParser::localPart(Path& path)
{
    return take('"') ? quotedString(path) : dotString(path);
}

bool PathParser::dotString(Path& path)
{
    const auto* const end = std::find_if_not(_rest.begin(), _rest.end(), isDotStringOctet);
    const std::string_view taken = _rest.substr(0, static_cast<std::size_t>(end - _rest.begin()));
    _rest.remove_prefix(taken.size());
    path.localPart = taken;
    return !_rules.strict || isDotString(taken);
}

// Behind the opening DQUOTE.
bool PathParser::quotedString(Path& path)
{
    while (!take('"'))
    {
        const bool escaped = take('\\');
        if (_rest.empty() || !(escaped ? isQuotedPairOctet(_rest.front()) : isQtext(_rest.front())))
            return false;
        path.localPart += _rest.front();
        _rest.remove_prefix(1);
    }
    return true;
}

PathParser::Fault PathParser::domain(Path& path)
{
    const bool literal = !_rest.empty() && _rest.front() == '[';
    // Only a General-address-literal may hold "<", ">" or "@", so it ends at its own bracket.
    std::string_view text = takeUntil(literal ? "] \t" : "> \t");
    if (literal && take(']'))
        text = {text.data(), text.size() + 1};
    if (text.size() > maxDomainOctets)
        return PathFault::TooLong;
    if (!(literal ? isAddressLiteral(text) : isDomainHere(text)))
        return PathFault::Syntax;
    setDomain(path, text);
    return std::nullopt;
}

// Whether the mailbox may be over; for what is wrong in its middle, a domain is not what is
// missing.
bool PathParser::mayEndHere() const noexcept
{
    if (_rest.empty())
        return !_bracketed;
    if (_bracketed && _rest.front() == '>')
        return true;
    return isBlank(_rest.front()) && !(_bracketed && _rules.strict);
}

// A local-part alone: always good for <Postmaster> (RFC 5321 4.1.1.3), otherwise cron and
// hand-typed sessions send it.
PathParser::Fault PathParser::missingDomain(Path& path) const
{
    const bool postmaster =
        _direction == Direction::Forward && equalsIgnoringCase(path.localPart, "postmaster");
    if (!mayEndHere())
        return PathFault::Syntax;
    if (!postmaster && (_rules.strict || _rules.defaultDomain.empty()))
        return PathFault::NoDomain;
    setDomain(path, _rules.defaultDomain);
    return std::nullopt;
}

PathParser::Fault PathParser::lengths(const Path& path, std::size_t mailboxOctets) const noexcept
{
    constexpr std::size_t bracketOctets = 2;
    const std::size_t maxLocalPart = _direction == Direction::Reverse && !_rules.strict
                                         ? maxVerpLocalPartOctets
                                         : maxLocalPartOctets;
    if (mailboxOctets + bracketOctets > maxPathOctets || path.localPart.size() > maxLocalPart)
        return PathFault::TooLong;
    return std::nullopt;
}

std::optional<FixedReply>
parsePath(std::string_view& rest, const PathRules& rules, Path& path, Direction direction)
{
    clear(path);
    PathParser parser(rest, rules, direction);
    if (const auto fault = parser.parse(path))
    {
        clear(path);
        return refusal(*fault, direction);
    }
    if (!path.localPart.empty())
        compose(path);
    rest = parser.rest();
    return std::nullopt;
}

} // namespace

std::optional<FixedReply>
parseReversePath(std::string_view& rest, const PathRules& rules, Path& path)
{
    return parsePath(rest, rules, path, Direction::Reverse);
}

std::optional<FixedReply>
parseForwardPath(std::string_view& rest, const PathRules& rules, Path& path)
{
    return parsePath(rest, rules, path, Direction::Forward);
}

} // namespace mpsmtp::smtp
