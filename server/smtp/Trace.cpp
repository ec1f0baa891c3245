// See Trace.h.
//
// Time-stamp-line = "Received:" FWS Stamp <CRLF>
// Stamp           = From-domain By-domain Opt-info [CFWS] ";" FWS date-time
// From-domain     = "FROM" FWS Extended-Domain
// By-domain       = CFWS "BY" FWS Extended-Domain
// Extended-Domain = Domain / ( Domain FWS "(" TCP-info ")" ) / ( address-literal FWS "(" TCP-info ")" )
// TCP-info        = address-literal / ( Domain FWS address-literal )
// Opt-info        = [Via] [With] [ID] [For] [Additional-Registered-Clauses]
// With            = CFWS "WITH" FWS Protocol              ; "SMTP" / "ESMTP" / "UTF8SMTP" (RFC 6531 3.7.3)
// ID              = CFWS "ID" FWS ( Atom / msg-id )
// For             = CFWS "FOR" FWS ( Path / Mailbox )
#include "smtp/Trace.h"

#include "smtp/Ascii.h"
#include "smtp/Domain.h"
#include "smtp/Printable.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mpsmtp::smtp
{
namespace
{

constexpr std::string_view unknownDomain = "unknown";

// Puts words on lines of at most 78 columns (RFC 5322 2.1.1), parted by a space or by CRLF HTAB.
class FoldedField
{
public:
    explicit FoldedField(std::string_view name) : _field(name), _column(name.size())
    {
        _field.reserve(256);
    }

    void add(std::string_view word)
    {
        if (_column + 1 + word.size() > maxColumns)
            fold();
        else
            append(" ");
        append(word);
    }

    void add(std::string_view keyword, std::string_view word)
    {
        std::string clause(keyword);
        clause += ' ';
        clause += word;
        add(clause);
    }

    // Without a space in front.
    void append(std::string_view text)
    {
        _field += text;
        _column += text.size();
    }

    [[nodiscard]] std::string take()
    {
        _field += "\r\n";
        return std::move(_field);
    }

private:
    static constexpr std::size_t maxColumns = 77; // and a semicolon
    static constexpr std::size_t tabColumns = 8;

    void fold()
    {
        _field += "\r\n\t";
        _column = tabColumns;
    }

    std::string _field;
    std::size_t _column;
};

bool mayStand(std::string_view text, bool smtpUtf8) noexcept
{
    return smtpUtf8 || isAsciiOnly(text);
}

bool isExtendedDomain(std::string_view text, bool smtpUtf8) noexcept
{
    return mayStand(text, smtpUtf8) && (isDomain(text) || isAddressLiteral(text));
}

// comment = "(" *([FWS] ccontent) [FWS] ")", where "(", ")" and "\" need a quoted-pair. Cut to fit well into a line of
// 998 octets (RFC 5322 2.1.1), whatever escaping did to it.
std::string comment(std::string_view word, std::string_view text, bool smtpUtf8)
{
    constexpr std::size_t maxTextOctets = 120;
    std::string shown;
    if (smtpUtf8 && isValidUtf8(text))
        appendPrintable(shown, text);
    else
        appendPrintableAscii(shown, text.substr(0, maxTextOctets));
    std::string out("(");
    out.append(word).append(" ");
    for (const char octet : shown)
    {
        if (octet == '(' || octet == ')' || octet == '\\')
            out += '\\';
        out += octet;
    }
    return out += ')';
}

// TCP-info, or a comment where there is no TCP.
std::string clientInfo(std::string_view address)
{
    if (isIpv4Address(address))
        return "([" + std::string(address) + "])";
    if (isIpv6Address(address))
        return "([IPv6:" + std::string(address) + "])";
    return "(unix)";
}

// What HELO claimed is kept for people to see even where it may not stand as a domain.
void addFrom(FoldedField& field, const SessionInfo& session, bool smtpUtf8)
{
    const bool isPlain = isExtendedDomain(session.helo, smtpUtf8);
    field.add("from", isPlain ? std::string_view(session.helo) : unknownDomain);
    field.add(clientInfo(session.clientAddress));
    if (!isPlain && !session.helo.empty())
        field.add(comment("helo", session.helo, smtpUtf8));
}

void addBy(FoldedField& field, std::string_view hostname, bool smtpUtf8)
{
    const bool isPlain = mayStand(hostname, smtpUtf8) && isLenientDomain(hostname);
    field.add("by", isPlain ? hostname : unknownDomain);
}

std::string_view protocolName(const SessionInfo& session, const Envelope& envelope) noexcept
{
    if (envelope.smtpUtf8)
        return "UTF8SMTP";
    return session.esmtp ? "ESMTP" : "SMTP";
}

bool isAtom(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), isAtext);
}

void addFor(FoldedField& field, const Envelope& envelope)
{
    if (envelope.recipients.size() != 1)
        return;
    const Path& path = envelope.recipients.front().path;
    if (!path.address.empty() && mayStand(path.address, envelope.smtpUtf8))
        field.add("for", "<" + path.address + ">");
}

struct Civil
{
    std::int64_t year;
    unsigned month; // 0..11
    unsigned day;   // 1..31
};

constexpr bool isLeapYear(std::int64_t year) noexcept
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr unsigned daysInMonth(std::int64_t year, unsigned month) noexcept
{
    constexpr std::array<unsigned, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 1 && isLeapYear(year) ? 29 : days[month];
}

// The Gregorian calendar repeats every 400 years; within them centuries, four-year groups and years are split off in turn.
// The last of four centuries or years may be a day longer, hence min(…, 3).
Civil civilFromDays(std::int64_t daysSince1970) noexcept
{
    constexpr std::int64_t days400 = 146097;
    constexpr std::int64_t days100 = 36524;
    constexpr std::int64_t days4 = 1461;
    constexpr std::int64_t days1 = 365;
    constexpr std::int64_t daysBefore1970 = 719162; // since 0001-01-01

    std::int64_t rest = daysSince1970 + daysBefore1970;
    const std::int64_t cycles = rest / days400;
    rest %= days400;
    const std::int64_t centuries = std::min<std::int64_t>(rest / days100, 3);
    rest -= centuries * days100;
    const std::int64_t fours = rest / days4;
    rest %= days4;
    const std::int64_t ones = std::min<std::int64_t>(rest / days1, 3);
    rest -= ones * days1;

    Civil civil{
        400 * cycles + 100 * centuries + 4 * fours + ones + 1, 0, static_cast<unsigned>(rest) + 1};
    while (civil.day > daysInMonth(civil.year, civil.month))
        civil.day -= daysInMonth(civil.year, civil.month++);
    return civil;
}

std::string twoDigits(std::int64_t number)
{
    return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

std::string timeOfDay(std::int64_t second)
{
    return twoDigits(second / 3600) + ':' + twoDigits(second / 60 % 60) + ':' +
           twoDigits(second % 60);
}

} // namespace

std::string receivedField(const SessionInfo& session,
                          const Envelope& envelope,
                          std::chrono::system_clock::time_point now)
{
    FoldedField field("Received:");
    addFrom(field, session, envelope.smtpUtf8);
    addBy(field, session.hostname, envelope.smtpUtf8);
    field.add("with", protocolName(session, envelope));
    if (isAtom(envelope.id) && isAsciiOnly(envelope.id))
        field.add("id", envelope.id);
    addFor(field, envelope);
    field.append(";");
    field.add(rfc5322Date(now));
    return field.take();
}

// date-time = [ day-of-week "," ] date time, zone "+0000": UTC is known, the recipient's zone is not.
std::string rfc5322Date(std::chrono::system_clock::time_point time)
{
    constexpr std::array<std::string_view, 7> dayNames{
        "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    constexpr std::array<std::string_view, 12> monthNames{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    constexpr std::int64_t secondsPerDay = 86400;

    const std::int64_t seconds =
        std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
    const std::int64_t secondOfDay = (seconds % secondsPerDay + secondsPerDay) % secondsPerDay;
    const std::int64_t days = (seconds - secondOfDay) / secondsPerDay;
    const Civil civil = civilFromDays(days);

    std::string date(dayNames[static_cast<std::size_t>((days % 7 + 7) % 7)]);
    date.append(", ").append(std::to_string(civil.day));
    date.append(" ").append(monthNames[civil.month]);
    date.append(" ").append(std::to_string(civil.year));
    date.append(" ").append(timeOfDay(secondOfDay)).append(" +0000");
    return date;
}

} // namespace mpsmtp::smtp
