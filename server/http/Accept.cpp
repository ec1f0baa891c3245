// What this is and its thread safety: Accept.h.
#include "http/Accept.h"

#include <algorithm>

namespace mpsmtp::http
{

namespace
{

char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool isSame(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(),
                      a.end(),
                      b.begin(),
                      b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) noexcept
{
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes what stands before the next `separator` off `text`.
std::string_view next(std::string_view& text, char separator) noexcept
{
    const auto end = std::min(text.find(separator), text.size());
    const auto part = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

/// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )       (RFC 9110 12.4.2)
/// \return thousandths; 0 for what is none, so that it is not chosen
unsigned quality(std::string_view text) noexcept
{
    constexpr unsigned whole = 1000;
    if (text.empty() || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.'))
        return 0;
    unsigned result = text[0] == '1' ? whole : 0;
    unsigned digit = whole / 10;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size())))
    {
        if (c < '0' || c > '9')
            return 0;
        result += static_cast<unsigned>(c - '0') * digit;
        digit /= 10;
    }
    return std::min(result, whole);
}

struct Range
{
    std::string_view type;
    std::string_view version; ///< "" if none was said
    unsigned quality = 1000;
};

Range parse(std::string_view text) noexcept
{
    Range range;
    range.type = next(text, ';');
    while (!text.empty())
    {
        std::string_view parameter = next(text, ';');
        const std::string_view name = next(parameter, '=');
        std::string_view value = trimmed(parameter);
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        if (isSame(name, "q"))
            range.quality = quality(value);
        else if (isSame(name, "version"))
            range.version = value;
    }
    return range;
}

} // namespace

metrics::Format formatFor(std::string_view accept) noexcept
{
    unsigned openMetrics = 0;
    unsigned plain = 0;
    while (!accept.empty())
    {
        const Range range = parse(next(accept, ','));
        // Of the older drafts we would have to know what they were.
        const bool isOurs = range.version.empty() || range.version == "1.0.0";
        if (isSame(range.type, "application/openmetrics-text") && isOurs)
            openMetrics = std::max(openMetrics, range.quality);
        else if (isSame(range.type, "text/plain"))
            plain = std::max(plain, range.quality);
    }
    return openMetrics > 0 && openMetrics >= plain ? metrics::Format::OpenMetrics
                                                   : metrics::Format::Text;
}

} // namespace mpsmtp::http
