// What this is and its thread safety: ConfigurationChanges.h.
#include "app/ConfigurationChanges.h"

#include <algorithm>

namespace mpsmtp::app
{

namespace
{

using Sections = std::vector<IniSection>;

const IniSection* find(const Sections& sections, const std::string& name)
{
    const auto found = std::find_if(sections.begin(),
                                    sections.end(),
                                    [&](const IniSection& each) { return each.name == name; });
    return found == sections.end() ? nullptr : &*found;
}

void append(std::string& text, const char* separator, const std::string& part)
{
    text += (text.empty() ? "" : separator) + part;
}

/// Keys of `one` that the other section has not, or with another value.
void appendDifferent(std::string& keys, const IniSection& one, const IniSection& other)
{
    for (const delivery::Setting& setting : one.settings)
    {
        const delivery::Setting* const counterpart = other.find(setting.key);
        if (counterpart == nullptr || counterpart->value != setting.value)
            append(keys, ", ", setting.key);
    }
}

void appendMissing(std::string& keys, const IniSection& before, const IniSection& after)
{
    for (const delivery::Setting& setting : before.settings)
        if (after.find(setting.key) == nullptr)
            append(keys, ", ", setting.key);
}

/// The sections that both have stand in another order, which matters for handlers.
bool isReordered(const Sections& before, const Sections& after)
{
    const auto common = [](const Sections& of, const Sections& with)
    {
        std::vector<std::string> names;
        for (const IniSection& section : of)
            if (find(with, section.name) != nullptr)
                names.push_back(section.name);
        return names;
    };
    return common(before, after) != common(after, before);
}

} // namespace

std::string describeChanges(const Sections& before, const Sections& after)
{
    std::string text;
    for (const IniSection& section : after)
    {
        const IniSection* const old = find(before, section.name);
        std::string keys;
        if (old != nullptr)
        {
            appendDifferent(keys, section, *old);
            appendMissing(keys, *old, section);
        }
        if (old == nullptr || !keys.empty())
            append(text, "; ", "[" + section.name + "] " + (old == nullptr ? "added" : keys));
    }
    for (const IniSection& section : before)
        if (find(after, section.name) == nullptr)
            append(text, "; ", "[" + section.name + "] removed");
    if (isReordered(before, after))
        append(text, "; ", "the order of the sections");
    return text.empty() ? "nothing" : text;
}

} // namespace mpsmtp::app
