// Wire form of replies (RFC 5321 4.2, 4.5.3.1.5). Nothing of a client's text leaves here unprintable, whatever a handler
// put into its reply: a CR or LF let through would be a second reply. Thread safety: see Reply.h.
#include "smtp/Reply.h"

#include "smtp/Utf8.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace mpsmtp::smtp
{

namespace
{

constexpr std::size_t maxReplyLineOctets = 512; // RFC 5321 4.5.3.1.5, with code and CRLF
constexpr std::size_t frameOctets = 3 + 1 + 2;  // code, separator, CRLF
constexpr std::size_t maxEnhancedOctets = 16;   // "5.999.999" (RFC 3463 2) and some

void appendCode(std::string& out, unsigned code)
{
    const auto digit = [](unsigned value) { return static_cast<char>('0' + value % 10); };
    const char digits[] = {digit(code / 100), digit(code / 10), digit(code)};
    out.append(digits, sizeof digits);
}

bool isPrintableAscii(char octet) noexcept
{
    return octet >= ' ' && octet <= '~';
}

/// Octets of the visible character at the front of `text`, 0 if there is none that may be sent.
std::size_t visibleOctets(std::string_view text, bool utf8Allowed) noexcept
{
    if (isPrintableAscii(text.front()))
        return 1;
    const CodePoint point = utf8Allowed ? frontCodePoint(text) : CodePoint{0, 0};
    return point.octets != 0 && !isInvisible(point.value) ? point.octets : 0;
}

void appendVisible(std::string& out, std::string_view text, bool utf8Allowed)
{
    if (std::all_of(text.begin(), text.end(), isPrintableAscii))
    {
        out.append(text);
        return;
    }
    while (!text.empty())
    {
        const std::size_t octets = visibleOctets(text, utf8Allowed);
        out.append(octets == 0 ? std::string_view("?") : text.substr(0, octets));
        text.remove_prefix(std::max<std::size_t>(octets, 1));
    }
}

/// Where to cut a line that is too long: not inside a UTF-8 sequence.
std::size_t cutBefore(std::string_view line, std::size_t octets) noexcept
{
    const auto isContinuation = [](char octet)
    { return (static_cast<unsigned char>(octet) & 0xC0U) == 0x80U; };
    std::size_t cut = octets;
    while (cut > octets - 3 && isContinuation(line[cut]))
        --cut;
    return isContinuation(line[cut]) ? octets : cut; // no UTF-8 at all: cut anywhere
}

/// Takes the next line of at most `room` octets off `text`.
std::string_view takeLine(std::string_view& text, std::size_t room) noexcept
{
    std::string_view line = text.substr(0, text.find('\n'));
    if (line.size() > room)
    {
        line = line.substr(0, cutBefore(line, room));
        text.remove_prefix(line.size());
        return line;
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    return line;
}

} // namespace

Reply::Reply(unsigned replyCode, std::string enhancedCode, std::string replyText)
    : code(replyCode), enhanced(std::move(enhancedCode)), text(std::move(replyText))
{
}

Reply::Reply(const FixedReply& fixed) : code(fixed.code), enhanced(fixed.enhanced), text(fixed.text)
{
}

void ReplyWriter::write(unsigned code, std::string_view enhanced, std::string_view text, Then then)
{
    enhanced = enhanced.substr(0, maxEnhancedOctets);
    const std::size_t room =
        maxReplyLineOctets - frameOctets - (enhanced.empty() ? 0 : enhanced.size() + 1);
    do
    {
        const std::string_view line = takeLine(text, room);
        writeLine(code, text.empty() && then == Then::End ? ' ' : '-', enhanced, line);
    } while (!text.empty());
}

// Reply-line = *( Reply-code "-" [ textstring ] CRLF )
//              Reply-code [ SP textstring ] CRLF                 (RFC 5321 4.2)
// with the enhanced code in front of the text of each line (RFC 2034 4).
void ReplyWriter::writeLine(unsigned code,
                            char separator,
                            std::string_view enhanced,
                            std::string_view text)
{
    appendCode(_out, code);
    if (separator == '-' || !enhanced.empty() || !text.empty())
        _out.push_back(separator);
    appendVisible(_out, enhanced, false);
    if (!enhanced.empty() && !text.empty())
        _out.push_back(' ');
    appendVisible(_out, text, _utf8Allowed);
    _out.append("\r\n");
}

} // namespace mpsmtp::smtp
