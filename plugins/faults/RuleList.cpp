// What this is and its thread safety: RuleList.h.
#include "faults/RuleList.h"

#include "common/FileDescriptor.h"
#include "common/PlainFile.h"
#include "faults/RuleParser.h"

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace mpsmtp::faults
{

namespace
{

/// The first hits of two rules shall not be alike.
std::uint64_t seedOf(std::uint64_t seed, std::size_t place) noexcept
{
    constexpr std::uint64_t step =
        0x9E3779B97F4A7C15U; // 2^64 / golden ratio: far apart for every place
    return seed + step * (place + 1);
}

} // namespace

std::optional<std::uint64_t> CountedRule::count() noexcept
{
    const std::uint64_t number = _matches.fetch_add(1) + 1;
    if (!_rule.schedule.includes(number, _seed))
        return std::nullopt;
    return _hits.fetch_add(1) + 1;
}

RuleList::RuleList(const Config& config) : _seed(static_cast<std::uint64_t>(config.integer("seed")))
{
    for (unsigned i = 1; i <= mostKeys; ++i)
        if (const std::string key = "rule" + std::to_string(i); config.has(key))
            add(key, config.string(key));
    if (config.has("rules"))
        addFile(config.string("rules"));
    if (_rules.empty() && _mistakes.empty())
        _mistakes = "there is no rule; write one behind rule1, or a file of rules behind rules";
    if (!_mistakes.empty())
        throw std::invalid_argument(_mistakes);
    for (CountedRule& each : _rules)
        _byVerb[static_cast<std::size_t>(each.rule().verb)].push_back(&each);
}

void RuleList::add(const std::string& name, const std::string& text)
{
    ParsedRule parsed = parseRule(text);
    for (const RuleMistake& mistake : parsed.mistakes)
        _mistakes.append(_mistakes.empty() ? "" : "; ")
            .append(name + " column " + std::to_string(mistake.column) + ": " + mistake.text);
    parsed.rule.name = name;
    if (parsed.mistakes.empty())
        _rules.emplace_back(std::move(parsed.rule), seedOf(_seed, _rules.size()));
}

/// One rule a line; empty lines and those that begin with "#" say nothing.
void RuleList::addFile(const std::string& path)
{
    store::requirePlainFile(path);
    std::ifstream file(path);
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number)
    {
        if (!line.empty() && line.back() == '\r')
            line.pop_back();
        const auto begin = line.find_first_not_of(" \t");
        if (begin != std::string::npos && line[begin] != '#')
            add("rules line " + std::to_string(number), line);
    }
    if (!file.is_open() || file.bad())
        store::throwSystemError(errno, "cannot read the rules", path);
}

} // namespace mpsmtp::faults
