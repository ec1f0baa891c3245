// What this is and its thread safety: MessageHeaders.h.
#include "delivery/MessageHeaders.h"

#include <algorithm>

namespace mpsmtp::delivery
{

namespace
{

bool isBlank(char c) noexcept
{
    return c == ' ' || c == '\t';
}

bool isFieldText(char c) noexcept
{
    return c > ' ' && c < '\x7f' && c != ':';
}

/// Behind the line that begins at `begin`.
std::size_t lineEnd(std::string_view text, std::size_t begin) noexcept
{
    const auto newline = text.find('\n', begin);
    return newline == std::string_view::npos ? text.size() : newline + 1;
}

/// Behind the field that begins `text`, with the lines that continue it.
std::size_t fieldEnd(std::string_view text) noexcept
{
    auto end = lineEnd(text, 0);
    while (end < text.size() && isBlank(text[end]))
        end = lineEnd(text, end);
    return end;
}

std::string_view withoutLineEnd(std::string_view text) noexcept
{
    if (!text.empty() && text.back() == '\n')
    {
        text.remove_suffix(1);
        if (!text.empty() && text.back() == '\r')
            text.remove_suffix(1);
    }
    return text;
}

bool startsWithEmptyLine(std::string_view text) noexcept
{
    return text.substr(0, 1) == "\n" || text.substr(0, 2) == "\r\n";
}

} // namespace

bool isFieldName(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), isFieldText);
}

HeaderField firstField(std::string_view text) noexcept
{
    // The name is looked at first: a body of megabytes without a line end is not searched for one.
    const auto nameEnd = std::find_if_not(text.begin(), text.end(), isFieldText);
    const auto colon = std::find_if_not(nameEnd, text.end(), isBlank);
    if (nameEnd == text.begin() || colon == text.end() || *colon != ':')
        return {};
    const auto raw = text.substr(0, fieldEnd(text));
    const auto valueBegin = static_cast<std::size_t>(colon - text.begin()) + 1;
    return {raw,
            raw.substr(0, static_cast<std::size_t>(nameEnd - text.begin())),
            withoutLineEnd(raw).substr(std::min(valueBegin, withoutLineEnd(raw).size()))};
}

void MessageHeaders::clear() noexcept
{
    _fields.clear();
    _octets = 0;
    _end = HeaderEnd::EndOfData;
    _joined.clear();
}

void MessageHeaders::parse(const std::vector<mpsmtp_string>& segments)
{
    clear();
    if (segments.empty())
        return;
    if (scan({segments[0].data, segments[0].size}, segments.size() == 1))
        return;
    // Rare: the section is longer than a segment. Doubling keeps the work linear in its length.
    for (std::size_t count = 2;; count *= 2)
    {
        count = std::min(count, segments.size());
        _fields.clear(); // they point into _joined, which is about to move
        _joined.clear();
        for (std::size_t i = 0; i < count; ++i)
            _joined.append(segments[i].data, segments[i].size);
        if (scan(_joined, count == segments.size()))
            return;
    }
}

/// \param isAll nothing follows `text`
/// \return false if the section may go on behind `text`
bool MessageHeaders::scan(std::string_view text, bool isAll)
{
    _fields.clear();
    for (_octets = 0; _octets < text.size(); _octets += _fields.back().raw.size())
    {
        const auto rest = text.substr(_octets);
        _end = startsWithEmptyLine(rest)      ? HeaderEnd::EmptyLine
               : _fields.size() == mostFields ? HeaderEnd::TooMany
                                              : HeaderEnd::NotAField;
        if (_end != HeaderEnd::NotAField)
            return true;
        const HeaderField field = firstField(rest);
        if (!isAll &&
            (field.raw.size() == rest.size() || rest.find('\n') == std::string_view::npos))
            return false; // the next segment may continue it
        if (field.raw.empty())
            return true;
        _fields.push_back(field);
    }
    _end = HeaderEnd::EndOfData;
    return isAll;
}

} // namespace mpsmtp::delivery
