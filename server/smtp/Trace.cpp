// See Trace.h.
//
// Time-stamp-line = "Received:" FWS Stamp <CRLF>
// Stamp           = From-domain By-domain Opt-info [CFWS] ";" FWS date-time
// From-domain     = "FROM" FWS Extended-Domain
// By-domain       = CFWS "BY" FWS Extended-Domain
// Extended-Domain = Domain / ( Domain FWS "(" TCP-info ")" ) /
//                   ( address-literal FWS "(" TCP-info ")" )
// TCP-info        = address-literal / ( Domain FWS address-literal )
// Opt-info        = [Via] [With] [ID] [For] [Additional-Registered-Clauses]
// With            = CFWS "WITH" FWS Protocol   ; "SMTP" / "ESMTP" / "UTF8SMTP" (RFC 6531 3.7.3)
// ID              = CFWS "ID" FWS ( Atom / msg-id )
// For             = CFWS "FOR" FWS ( Path / Mailbox )
#include "smtp/Trace.h"

#include "smtp/Ascii.h"
#include "smtp/Domain.h"
#include "smtp/Printable.h"

#include <algorithm>
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
    // Takes the place of what is in `field`, and its memory.
    FoldedField(std::string& field, std::string_view name) : _field(field), _column(name.size())
    {
        _field.reserve(256);
        _field.assign(name);
    }

    // A word, in pieces: it is made here and nowhere else, since each message has such a field.
    template <class... Pieces>
    void add(const Pieces&... pieces)
    {
        const std::size_t octets = (std::string_view(pieces).size() + ...);
        if (_column + 1 + octets > maxColumns)
            fold();
        else
            append(" ");
        (append(pieces), ...);
    }

    // Without a space in front.
    void append(std::string_view text)
    {
        _field += text;
        _column += text.size();
    }

    void end() { _field += "\r\n"; }

private:
    static constexpr std::size_t maxColumns = 77; // and a semicolon
    static constexpr std::size_t tabColumns = 8;

    void fold()
    {
        _field += "\r\n\t";
        _column = tabColumns;
    }

    std::string& _field;
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

// comment = "(" *([FWS] ccontent) [FWS] ")"
// where "(", ")" and "\" need a quoted-pair. Cut to fit well into a line of 998 octets (RFC 5322
// 2.1.1), whatever escaping did to it.
std::string comment(std::string_view word, std::string_view text, bool smtpUtf8)
{
    constexpr std::size_t maxTextOctets = 180; // each becomes at most 5
    std::string shown;
    text = text.substr(0, maxTextOctets);
    smtpUtf8 ? appendPrintable(shown, text) : appendPrintableAscii(shown, text);
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
void addClientInfo(FoldedField& field, std::string_view address)
{
    if (isIpv4Address(address))
        field.add("([", address, "])");
    else if (isIpv6Address(address))
        field.add("([IPv6:", address, "])");
    else
        field.add("(unix)");
}

// What HELO claimed is kept for people to see even where it may not stand as a domain.
void addFrom(FoldedField& field, const SessionInfo& session, bool smtpUtf8)
{
    const bool isPlain = isExtendedDomain(session.helo, smtpUtf8);
    field.add("from ", isPlain ? std::string_view(session.helo) : unknownDomain);
    addClientInfo(field, session.clientAddress);
    if (!isPlain && !session.helo.empty())
        field.add(comment("helo", session.helo, smtpUtf8));
}

void addBy(FoldedField& field, std::string_view hostname, bool smtpUtf8)
{
    const bool isPlain = mayStand(hostname, smtpUtf8) && isLenientDomain(hostname);
    field.add("by ", isPlain ? hostname : unknownDomain);
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
        field.add("for <", path.address, ">");
}

} // namespace

void makeReceivedField(const SessionInfo& session,
                       const Envelope& envelope,
                       std::chrono::system_clock::time_point now,
                       std::string& out)
{
    FoldedField field(out, "Received:");
    addFrom(field, session, envelope.smtpUtf8);
    addBy(field, session.hostname, envelope.smtpUtf8);
    field.add("with ", protocolName(session, envelope));
    if (isAtom(envelope.id))
        field.add("id ", envelope.id);
    addFor(field, envelope);
    field.append(";");
    field.add(Rfc5322Date(now).text());
    field.end();
}

} // namespace mpsmtp::smtp
