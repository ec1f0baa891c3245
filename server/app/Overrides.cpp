// What this is and its thread safety: Overrides.h.
#include "app/Overrides.h"

#include "app/KeyTable.h"
#include "delivery/Suggestion.h"
#include "delivery/Values.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <unistd.h>

namespace mpsmtp::app
{

using delivery::Setting;

namespace
{

constexpr std::string_view prefix = "MPSMTP_";

char environmentCharacter(char c) noexcept
{
    const auto octet = static_cast<unsigned char>(c);
    return std::isalnum(octet) != 0 ? static_cast<char>(std::toupper(octet)) : '_';
}

/// "handler:tree" → "HANDLER_TREE"
std::string environmentName(std::string_view text)
{
    std::string name(text);
    std::transform(name.begin(), name.end(), name.begin(), environmentCharacter);
    return name;
}

std::string lowerCase(std::string_view text)
{
    std::string lower(text);
    std::transform(lower.begin(),
                   lower.end(),
                   lower.begin(),
                   [](char c)
                   { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    return lower;
}

IniSection& sectionNamed(std::vector<IniSection>& sections,
                         const std::string& name,
                         const delivery::Origin& origin)
{
    const auto found = std::find_if(sections.begin(),
                                    sections.end(),
                                    [&](const IniSection& each) { return each.name == name; });
    return found != sections.end() ? *found : sections.emplace_back(IniSection{name, origin, {}});
}

void put(std::vector<IniSection>& sections, const std::string& section, Setting setting)
{
    auto& settings = sectionNamed(sections, section, setting.origin).settings;
    const auto found = std::find_if(settings.begin(),
                                    settings.end(),
                                    [&](const Setting& each) { return each.key == setting.key; });
    if (found != settings.end())
        *found = std::move(setting);
    else
        settings.push_back(std::move(setting));
}

/// Sections that a variable may name: those of the file, and those without a name.
std::vector<std::string> nameableSections(const std::vector<IniSection>& sections)
{
    std::vector<std::string> names;
    for (const IniSection& each : sections)
        names.push_back(each.name);
    for (const SectionSpec& each : sectionTable())
        if (!each.isNamed && std::find(names.begin(), names.end(), each.name) == names.end())
            names.emplace_back(each.name);
    return names;
}

/// One variable against the sections.
struct Match
{
    std::vector<std::string> sections; ///< more than one if two names look the same in capitals
    std::string key;
};

Match match(std::string_view variable, const std::vector<std::string>& sections)
{
    Match best;
    std::size_t longest = 0;
    for (const std::string& section : sections)
    {
        const std::string head = environmentName(section) + '_';
        if (head.size() < longest || variable.size() <= head.size() ||
            variable.substr(0, head.size()) != head)
            continue;
        if (head.size() > longest)
            best.sections.clear();
        longest = head.size();
        best.sections.push_back(section);
        best.key = lowerCase(variable.substr(head.size()));
    }
    return best;
}

std::vector<std::string> knownVariables(const std::vector<std::string>& sections)
{
    std::vector<std::string> names;
    for (const std::string& section : sections)
        for (const std::string_view key : keysOf(splitSectionName(section).kind))
            names.push_back(std::string(prefix) + environmentName(section) + '_' +
                            environmentName(key));
    return names;
}

/// The variable's key exists as far as the server can tell: handlers' keys are their plugins'.
bool isKnown(const Match& match)
{
    if (match.sections.empty())
        return false;
    const auto kind = splitSectionName(match.sections.front()).kind;
    return kind == "handler" || findKey(kind, match.key) != nullptr ||
           findReserved(kind, match.key) != nullptr;
}

void applyVariable(std::vector<IniSection>& sections,
                   const std::pair<std::string, std::string>& variable,
                   Overridden& result)
{
    const auto& [name, value] = variable;
    const delivery::Origin origin{name, 0};
    const auto nameable = nameableSections(sections);
    const Match found = match(std::string_view(name).substr(prefix.size()), nameable);
    if (!isKnown(found))
        result.warnings.push_back({origin,
                                   "this variable names no key of the configuration" +
                                       delivery::didYouMean(name, knownVariables(nameable))});
    else if (found.sections.size() > 1)
        result.problems.push_back({origin,
                                   "this variable could mean [" + found.sections[0] + "] or [" +
                                       found.sections[1] + "]; use --set instead"});
    else
        put(sections,
            found.sections.front(),
            {found.key, std::string(delivery::trimmed(value)), origin});
}

} // namespace

Environment processEnvironment()
{
    Environment result;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals != std::string_view::npos)
            result.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return result;
}

Overridden applyEnvironment(std::vector<IniSection>& sections, const Environment& environment)
{
    Overridden result;
    for (const auto& [name, value] : environment)
        if (name == "LOG_LEVEL" && !value.empty())
            put(sections, "logging", {"level", value, {name, 0}});
    for (const auto& variable : environment)
        if (std::string_view(variable.first).substr(0, prefix.size()) == prefix)
            applyVariable(sections, variable, result);
    return result;
}

std::vector<delivery::Problem> applySettings(std::vector<IniSection>& sections,
                                             const std::vector<std::string>& settings)
{
    std::vector<delivery::Problem> problems;
    for (const std::string_view text : settings)
    {
        const auto equals = std::min(text.find('='), text.size());
        const auto name = delivery::trimmed(text.substr(0, equals));
        const auto dot = std::min(name.rfind('.'), name.size());
        const auto key = name.substr(std::min(dot + 1, name.size()));
        // Without the value: it may be a secret.
        const delivery::Origin origin{"--set " + std::string(name), 0};
        if (equals == text.size() || dot == 0 || !isIniKey(key))
            problems.push_back(
                {origin, "expected SECTION.KEY=VALUE, as in limits.message_size=1M"});
        else
            put(sections,
                std::string(name.substr(0, dot)),
                {std::string(key),
                 std::string(delivery::trimmed(text.substr(equals + 1))),
                 origin});
    }
    return problems;
}

} // namespace mpsmtp::app
