#include "bench/base/Arguments.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] bool isNumber(const std::string& text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

} // namespace

Arguments::Arguments(const std::vector<std::string>& words, std::vector<OptionRow> rows)
    : _rows(std::move(rows))
{
    for (const OptionRow& row : _rows)
        _values[row.name] = row.fallback;
    for (std::size_t at = 0; at < words.size(); ++at)
    {
        const OptionRow& row = rowOf(words[at]);
        if (row.kind == OptionRow::Kind::Switch)
        {
            _values[row.name] = "yes";
            continue;
        }
        if (++at == words.size())
            throw UsageMistake("--" + row.name + " needs a value");
        if (row.kind == OptionRow::Kind::Number && !isNumber(words[at]))
            throw UsageMistake("--" + row.name + " is a number, not " + words[at]);
        _values[row.name] = words[at];
    }
}

const OptionRow& Arguments::rowOf(const std::string& word) const
{
    const auto found = std::find_if(
        _rows.begin(), _rows.end(), [&](const OptionRow& row) { return word == "--" + row.name; });
    if (found == _rows.end())
        throw UsageMistake("there is no option " + word);
    return *found;
}

std::uint64_t Arguments::number(const std::string& name) const
{
    const std::string& given = required(name);
    std::uint64_t value = 0;
    (void)std::from_chars(given.data(), given.data() + given.size(), value);
    return value;
}

std::uint64_t Arguments::positive(const std::string& name) const
{
    const std::uint64_t value = number(name);
    if (value == 0)
        throw UsageMistake("--" + name + " is at least 1");
    return value;
}

const std::string& Arguments::text(const std::string& name) const
{
    return _values.at(name);
}

const std::string& Arguments::required(const std::string& name) const
{
    const std::string& given = _values.at(name);
    if (given.empty())
        throw UsageMistake("--" + name + " must be given");
    return given;
}

bool Arguments::has(const std::string& name) const
{
    return !_values.at(name).empty();
}

std::string Arguments::help(const std::vector<OptionRow>& rows)
{
    std::string text;
    for (const OptionRow& row : rows)
    {
        const std::string value = row.kind == OptionRow::Kind::Switch   ? ""
                                  : row.kind == OptionRow::Kind::Number ? " N"
                                                                        : " TEXT";
        const std::string usual = row.fallback.empty() ? "" : " (" + row.fallback + ")";
        text += "  --" + row.name + value + "  " + row.help + usual + "\n";
    }
    return text;
}

} // namespace mpsmtp::bench
