// Escapes octet by octet, so that what was sent can be read back from a log. See Printable.h.
#include "smtp/Printable.h"

#include "smtp/Ascii.h"

namespace mpsmtp::smtp
{
namespace
{

void appendEscaped(std::string& out, std::string_view octets)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char octet : octets)
    {
        const auto value = static_cast<unsigned char>(octet);
        out += "\\x";
        out += digits[value >> 4];
        out += digits[value & 0x0f];
    }
}

constexpr bool isPlain(char octet) noexcept
{
    return (isGraphic(octet) || octet == ' ') && octet != '\\';
}

// Most client text is plain ASCII and is appended in one piece.
std::size_t plainPrefix(std::string_view text) noexcept
{
    std::size_t length = 0;
    while (length < text.size() && isPlain(text[length]))
        ++length;
    return length;
}

// Appends one code point, or one octet that is none, and takes it off `text`.
void appendOdd(std::string& out, std::string_view& text, bool allowUtf8)
{
    const CodePoint next = frontCodePoint(text);
    const bool isShown = allowUtf8 && next.octets > 1 && !isInvisible(next.value);
    const std::string_view octets = text.substr(0, next.octets == 0 ? 1 : next.octets);
    text.remove_prefix(octets.size());
    if (isShown)
        out += octets;
    else
        appendEscaped(out, octets);
}

void append(std::string& out, std::string_view text, bool allowUtf8)
{
    while (!text.empty())
    {
        const std::size_t plain = plainPrefix(text);
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (!text.empty())
            appendOdd(out, text, allowUtf8);
    }
}

} // namespace

void appendPrintable(std::string& out, std::string_view text)
{
    append(out, text, true);
}

void appendPrintableAscii(std::string& out, std::string_view text)
{
    append(out, text, false);
}

std::string printable(std::string_view text)
{
    std::string out;
    appendPrintable(out, text);
    return out;
}

} // namespace mpsmtp::smtp
