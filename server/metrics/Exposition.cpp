// What this is and its thread safety: Exposition.h.
#include "metrics/Exposition.h"

#include <array>
#include <charconv>
#include <utility>

namespace mpsmtp::metrics
{

namespace
{

constexpr std::size_t longestNumber = 32;

/// The suffix that the samples of a kind have behind their family's name.
std::string_view suffixOf(Kind kind) noexcept
{
    return kind == Kind::Counter ? "_total" : kind == Kind::Info ? "_info" : "";
}

std::string_view nameOf(Kind kind, Format format) noexcept
{
    switch (kind)
    {
    case Kind::Counter:
        return "counter";
    case Kind::Histogram:
        return "histogram";
    case Kind::Info: // which the older format does not have
        return format == Format::OpenMetrics ? "info" : "gauge";
    case Kind::Gauge:
        break;
    }
    return "gauge";
}

std::string text(std::uint64_t value)
{
    std::array<char, longestNumber> digits{};
    return {digits.data(), std::to_chars(digits.begin(), digits.end(), value).ptr};
}

/// The shortest form that reads back as the same number, and looks like one with a fraction: OpenMetrics wants its bounds
/// the way that Go and Python write them.
std::string text(double value)
{
    constexpr double leastFixed = 1e-4;
    constexpr double mostFixed = 1e16;
    const bool isFixed = value == 0 || (value >= leastFixed && value < mostFixed);
    std::array<char, longestNumber> digits{};
    const auto form = isFixed ? std::chars_format::fixed : std::chars_format::scientific;
    std::string result(digits.data(), std::to_chars(digits.begin(), digits.end(), value, form).ptr);
    if (result.find_first_not_of("0123456789") == std::string::npos)
        result += ".0";
    return result;
}

void appendEscaped(std::string& target, std::string_view value, bool isQuoted)
{
    for (const char c : value)
    {
        if (c == '\n')
            target += "\\n";
        else if (c == '\\' || (c == '"' && isQuoted))
            target.append({'\\', c});
        else
            target += c;
    }
}

void appendLabel(std::string& target, std::string_view name, std::string_view value, bool isFirst)
{
    target.append(isFirst ? "{" : ",").append(name).append("=\"");
    appendEscaped(target, value, true);
    target += '"';
}

} // namespace

std::string_view contentType(Format format) noexcept
{
    return format == Format::OpenMetrics
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

void Exposition::family(Kind kind,
                        std::string_view name,
                        std::string_view unit,
                        std::string_view help)
{
    _kind = kind;
    _name = name;
    comment("HELP", help);
    comment("TYPE", nameOf(kind, _format));
    if (!unit.empty() && _format == Format::OpenMetrics)
        comment("UNIT", unit);
}

/// The older format knows a counter by the name of its samples.
void Exposition::comment(std::string_view word, std::string_view text)
{
    _text.append("# ").append(word).append(" ").append(_name);
    _text.append(_format == Format::Text ? suffixOf(_kind) : "").append(" ");
    appendEscaped(_text, text, _format == Format::OpenMetrics);
    _text += '\n';
}

void Exposition::sample(Labels labels, std::uint64_t value)
{
    line(suffixOf(_kind), labels, {}, text(value));
}

void Exposition::sample(Labels labels, double value)
{
    line(suffixOf(_kind), labels, {}, text(value));
}

void Exposition::bucket(Labels labels, double bound, std::uint64_t count)
{
    line("_bucket", labels, bound < 0 ? "+Inf" : text(bound), text(count));
}

void Exposition::endHistogram(Labels labels, double sum, std::uint64_t count)
{
    line("_sum", labels, {}, text(sum));
    line("_count", labels, {}, text(count));
}

void Exposition::line(std::string_view suffix,
                      Labels labels,
                      std::string_view bound,
                      std::string_view value)
{
    _text.append(_name).append(suffix);
    bool isFirst = true;
    for (const Label& label : labels)
        appendLabel(_text, label.name, label.value, std::exchange(isFirst, false));
    if (!bound.empty())
        appendLabel(_text, "le", bound, std::exchange(isFirst, false));
    _text.append(isFirst ? " " : "} ").append(value).append("\n");
}

std::string Exposition::finish()
{
    if (_format == Format::OpenMetrics)
        _text += "# EOF\n";
    return std::move(_text);
}

} // namespace mpsmtp::metrics
