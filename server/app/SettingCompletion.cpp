// What this is and its thread safety: SettingCompletion.h.
#include "app/SettingCompletion.h"

#include "app/KeyTable.h"
#include "app/PluginListing.h"
#include "delivery/PluginLibrary.h"

#include <mpsmtp/abi.h>

#include <cstddef>
#include <filesystem>
#include <system_error>
#include <vector>

namespace mpsmtp::app
{

namespace
{

constexpr std::string_view switches = "yes|no";
constexpr std::string_view logLevels = "critical|error|warning|notice|information|debug";

std::string text(const mpsmtp_string& string)
{
    return string.data == nullptr ? std::string() : std::string(string.data, string.size);
}

/// "keep|reject" behind `prefix`.
void addChoices(const std::string& prefix, std::string_view choices, Completion& completion)
{
    while (!choices.empty())
    {
        const auto bar = choices.find('|');
        completion.add(prefix + std::string(choices.substr(0, bar)));
        choices = bar == std::string_view::npos ? std::string_view() : choices.substr(bar + 1);
    }
}

std::vector<std::string> bundledTypes(const std::string& directory)
{
    std::vector<std::string> types;
    try
    {
        for (const auto& path : findPlugins(directory))
            types.push_back(std::filesystem::path(path).stem().string());
    }
    catch (const std::system_error&)
    {
        // A folder that cannot be read offers nothing.
    }
    return types;
}

/// nullptr for a plugin of the user's own: completing a word is no reason to run its code.
const mpsmtp_plugin* bundledPlugin(const IniSection& section, const std::string& directory)
{
    const auto* type = section.find("type");
    if (splitSectionName(section.name).kind != "handler" || type == nullptr ||
        !delivery::isTypeName(type->value))
        return nullptr;
    return delivery::loadPlugin(directory + "/" + type->value + ".so").plugin;
}

void addKeys(const IniSection& section, const std::string& directory, Completion& completion)
{
    for (const KeySpec& key : keyTable())
        if (key.section == splitSectionName(section.name).kind)
            completion.add(section.name + "." + std::string(key.key) + "=", key.doc);
    if (const auto* plugin = bundledPlugin(section, directory))
        for (std::size_t i = 0; i < plugin->option_count; ++i)
            completion.add(section.name + "." + text(plugin->options[i]->key) + "=",
                           text(plugin->options[i]->doc));
}

void addValues(const std::string& prefix,
               const KeySpec& key,
               const std::string& directory,
               Completion& completion)
{
    if (key.type == KeyType::Path)
        completion.paths = PathKind::Files;
    else if (key.section == "handler" && key.key == "type")
        for (const std::string& type : bundledTypes(directory))
            completion.add(prefix + type);
    else
        addChoices(prefix,
                   key.type == KeyType::Bool       ? switches
                   : key.type == KeyType::LogLevel ? logLevels
                                                   : key.choices,
                   completion);
}

void addValues(const std::string& prefix, const mpsmtp_option& option, Completion& completion)
{
    if (option.type == MPSMTP_OPTION_PATH || option.type == MPSMTP_OPTION_TEMPLATE)
        completion.paths = PathKind::Files;
    else
        addChoices(prefix,
                   option.type == MPSMTP_OPTION_BOOL ? std::string(switches) : text(option.choices),
                   completion);
}

void addValues(const IniSection& section,
               const std::string& name,
               const std::string& directory,
               Completion& completion)
{
    const std::string prefix = section.name + "." + name + "=";
    if (const KeySpec* key = findKey(splitSectionName(section.name).kind, name))
        return addValues(prefix, *key, directory, completion);
    if (const auto* plugin = bundledPlugin(section, directory))
        for (std::size_t i = 0; i < plugin->option_count; ++i)
            if (text(plugin->options[i]->key) == name)
                addValues(prefix, *plugin->options[i], completion);
}

/// Those of the file, and those that need not stand in one.
std::vector<IniSection> knownSections(const IniDocument& document)
{
    std::vector<IniSection> sections = document.sections;
    for (const SectionSpec& each : sectionTable())
        if (!each.isNamed && each.isAvailable)
            sections.push_back({std::string(each.name), {}, {}});
    return sections;
}

} // namespace

void completeSetting(std::string_view word,
                     const IniDocument& document,
                     const std::string& pluginDirectory,
                     Completion& completion)
{
    const auto equals = word.find('=');
    const auto path = word.substr(0, equals);
    const auto dot = path.rfind('.');
    for (const IniSection& section : knownSections(document))
        if (equals == std::string_view::npos)
            addKeys(section, pluginDirectory, completion);
        else if (dot != std::string_view::npos && section.name == path.substr(0, dot))
            return addValues(
                section, std::string(path.substr(dot + 1)), pluginDirectory, completion);
}

} // namespace mpsmtp::app
