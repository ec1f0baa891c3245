// What this is and its thread safety: SectionCheck.h.
#include "app/SectionCheck.h"

#include "app/KeyTable.h"
#include "app/ListenAddress.h"
#include "app/Quoted.h"
#include "app/ValueCheck.h"
#include "delivery/Suggestion.h"
#include "delivery/Values.h"

#include <algorithm>
#include <map>
#include <string>

namespace mpsmtp::app
{

using delivery::Origin;
using delivery::Problem;
using delivery::Setting;

namespace
{

std::string inBrackets(std::string_view section)
{
    return "[" + std::string(section) + "]";
}

/// Letters, digits and ".-_": it appears in log lines, in the environment and behind --set.
bool isSectionNamePart(std::string_view name) noexcept
{
    constexpr std::string_view others = ".-_";
    const auto isAllowed = [others](char c)
    {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.find(c) != std::string_view::npos;
    };
    return !name.empty() && std::all_of(name.begin(), name.end(), isAllowed);
}

class Checker
{
public:
    std::vector<Problem> check(const std::vector<IniSection>& sections);

private:
    void checkSection(const IniSection& section);
    bool checkName(const IniSection& section);
    void checkSetting(const IniSection& section, const Setting& setting);
    void checkUnknownKey(const IniSection& section, const Setting& setting);
    void checkRequired(const IniSection& section);
    void checkHandler(const IniSection& section);
    void checkRoute(const IniSection& section);
    void checkAddresses(const IniSection& section);

    void problem(const Origin& origin, std::string text)
    {
        _problems.push_back({origin, std::move(text)});
    }

    std::vector<Problem> _problems;
    std::map<std::string_view, std::string_view> _addressOwners; ///< address → section
};

std::vector<Problem> Checker::check(const std::vector<IniSection>& sections)
{
    for (const IniSection& section : sections)
        if (checkName(section))
            checkSection(section);
    return std::move(_problems);
}

bool Checker::checkName(const IniSection& section)
{
    const auto [kind, name] = splitSectionName(section.name);
    const SectionSpec* spec = findSection(kind);
    const bool hasColon = section.name.size() > kind.size();
    std::string text;
    if (spec == nullptr)
    {
        std::vector<std::string_view> names;
        for (const SectionSpec& each : sectionTable())
            names.push_back(each.name);
        text = "unknown section " + inBrackets(section.name) + delivery::didYouMean(kind, names);
    }
    else if (!spec->isAvailable)
        text = inBrackets(section.name) + " is not available in this version";
    else if (spec->isNamed && !hasColon)
        text = inBrackets(section.name) + " needs a name: [" + section.name + ":NAME]";
    else if (!spec->isNamed && hasColon)
        text = inBrackets(section.name) + " takes no name; write " + inBrackets(kind);
    else if (spec->isNamed && !isSectionNamePart(name))
        text = inBrackets(section.name) +
               ": a name is made of letters, digits, \".\", \"-\" and \"_\"";
    if (!text.empty())
        problem(section.origin, text);
    return text.empty();
}

void Checker::checkSection(const IniSection& section)
{
    for (const Setting& setting : section.settings)
        checkSetting(section, setting);
    checkRequired(section);
    if (splitSectionName(section.name).kind == "handler")
        checkHandler(section);
    if (splitSectionName(section.name).kind == "route")
        checkRoute(section);
    if (const auto kind = splitSectionName(section.name).kind; kind == "listener" || kind == "http")
        checkAddresses(section);
}

void Checker::checkSetting(const IniSection& section, const Setting& setting)
{
    const auto kind = splitSectionName(section.name).kind;
    if (const KeySpec* spec = findKey(kind, setting.key))
    {
        if (const auto text = valueProblem(*spec, setting.value); !text.empty())
            problem(setting.origin, inBrackets(section.name) + " " + text);
    }
    else if (const ReservedKey* reserved = findReserved(kind, setting.key))
    {
        if (setting.value != reserved->only)
            problem(setting.origin,
                    inBrackets(section.name) + " " + setting.key + " = " + setting.value +
                        " is not available in this version; only " + quoted(reserved->only) +
                        " is");
    }
    else if (kind != "handler") // whose other keys are its plugin's
        checkUnknownKey(section, setting);
}

void Checker::checkUnknownKey(const IniSection& section, const Setting& setting)
{
    const auto keys = keysOf(splitSectionName(section.name).kind);
    auto hint = delivery::didYouMean(setting.key, keys);
    if (hint.empty())
        for (const KeySpec& each : keyTable())
            if (each.key == setting.key)
                hint = " (it belongs into " +
                       inBrackets(std::string(each.section) +
                                  (findSection(each.section)->isNamed ? ":NAME" : "")) +
                       ")";
    problem(setting.origin,
            inBrackets(section.name) + " unknown key " + quoted(setting.key) + hint);
}

void Checker::checkRequired(const IniSection& section)
{
    for (const KeySpec& spec : keyTable())
        if (spec.section == splitSectionName(section.name).kind && spec.isRequired() &&
            section.find(spec.key) == nullptr)
            problem(section.origin,
                    inBrackets(section.name) + " needs the key " + quoted(spec.key));
}

void Checker::checkHandler(const IniSection& section)
{
    const bool hasType = section.find("type") != nullptr;
    const bool hasPlugin = section.find("plugin") != nullptr;
    if (hasType && hasPlugin)
        problem(section.origin,
                inBrackets(section.name) + " has both \"type\" and \"plugin\"; leave one out");
    if (hasType || hasPlugin)
        return;
    problem(section.origin,
            inBrackets(section.name) + " needs \"type\" (a bundled plugin) or \"plugin\" (a file)");
    // Without its plugin the section's other keys cannot be checked, but one of them may be the one that is missing.
    for (const Setting& setting : section.settings)
        if (findKey("handler", setting.key) == nullptr &&
            !delivery::didYouMean(setting.key, keysOf("handler")).empty())
            checkUnknownKey(section, setting);
}

/// An empty list is refused: whether it means all or nothing is not for the server to guess.
void Checker::checkRoute(const IniSection& section)
{
    const bool delivers = section.find("deliver") != nullptr;
    const bool rejects = section.find("reject") != nullptr;
    if (delivers && rejects)
        problem(section.origin,
                inBrackets(section.name) + " has both \"deliver\" and \"reject\"; leave one out");
    if (!delivers && !rejects)
        problem(section.origin,
                inBrackets(section.name) + " needs \"deliver\" (handlers) or \"reject\" (a reply)");
    for (const std::string_view key : {"to", "from", "deliver"})
    {
        const Setting* setting = section.find(key);
        if (setting != nullptr && delivery::parseList(setting->value).empty())
            problem(setting->origin,
                    inBrackets(section.name) + " " + std::string(key) + " is empty; " +
                        (key == "deliver" ? "name a handler" : "leave the line out to match all"));
    }
}

/// Two listeners, or one and the HTTP server, cannot have one address: said here, since the sentence for a port in use would
/// blame another program.
void Checker::checkAddresses(const IniSection& section)
{
    const Setting* setting = section.find("address");
    if (setting == nullptr)
        return;
    for (const auto address : delivery::parseList(setting->value))
    {
        if (section.name == "http" && address.substr(0, 8) == "systemd:")
            problem(setting->origin,
                    "[http] address " + std::string(address) +
                        ": only listeners can be handed over; write HOST:PORT or unix:/PATH");
        const auto [owner, isNew] = _addressOwners.emplace(address, section.name);
        if (!isNew && !isAnyPort(address) && owner->second != section.name)
            problem(setting->origin,
                    inBrackets(section.name) + " address " + std::string(address) + " is in " +
                        inBrackets(owner->second) + " too");
    }
}

} // namespace

std::vector<Problem> checkSections(const std::vector<IniSection>& sections)
{
    return Checker().check(sections);
}

} // namespace mpsmtp::app
