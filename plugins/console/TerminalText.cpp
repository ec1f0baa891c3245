#include "console/TerminalText.h"

#include "common/Utf8.h"

#include <utility>

namespace mpsmtp::console
{

namespace
{

void appendEscaped(std::string& out, std::string_view octets)
{
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char octet : octets)
    {
        const auto value = static_cast<unsigned char>(octet);
        out += "\\x";
        out += digits[value >> 4u];
        out += digits[value & 0x0Fu];
    }
}

} // namespace

void TerminalText::append(std::string_view octets, std::string& out)
{
    if (_cut.empty())
        return appendWhole(octets, false, out);
    const std::string joined = std::exchange(_cut, std::string()).append(octets);
    appendWhole(joined, false, out);
}

void TerminalText::finish(std::string& out)
{
    appendWhole(std::exchange(_cut, std::string()), true, out);
}

void TerminalText::appendWhole(std::string_view octets, bool isEnd, std::string& out)
{
    while (!octets.empty())
    {
        const store::CodePoint point = store::firstCodePoint(octets);
        if (point.length == 0 && !isEnd && store::isCutCodePoint(octets))
        {
            _cut = octets;
            return;
        }
        const std::string_view first = octets.substr(0, point.length == 0 ? 1 : point.length);
        if (point.length != 0 && isShown(point.value))
            out += first;
        else
            appendEscaped(out, first);
        octets.remove_prefix(first.size());
    }
}

bool TerminalText::isShown(char32_t codePoint) const noexcept
{
    if (codePoint == U'\n' || codePoint == U'\t')
        return _form == Form::Lines;
    if (codePoint == U'\\')
        return _form == Form::Lines;
    return !store::isUnseen(codePoint);
}

std::string asLine(std::string_view text)
{
    std::string out;
    TerminalText escaper(TerminalText::Form::Line);
    escaper.append(text, out);
    escaper.finish(out);
    return out;
}

} // namespace mpsmtp::console
