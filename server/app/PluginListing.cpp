// What this is and its thread safety: PluginListing.h.
#include "app/PluginListing.h"

#include "app/LogFormatter.h"
#include "delivery/PluginLibrary.h"

#include <mpsmtp/abi.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

namespace mpsmtp::app
{

namespace
{

/// A plugin's strings are its author's: they are shown as log text is.
std::string shown(const mpsmtp_string& string)
{
    std::string text;
    if (string.data != nullptr)
        appendLogText(text, {string.data, string.size});
    return text;
}

/// By MPSMTP_OPTION_….
std::string_view typeName(std::int32_t type) noexcept
{
    static constexpr std::array<std::string_view, 12> names{"string",
                                                            "path",
                                                            "path template",
                                                            "number",
                                                            "yes or no",
                                                            "size",
                                                            "duration",
                                                            "octal mode",
                                                            "choice",
                                                            "list",
                                                            "networks",
                                                            "secret"};
    const auto index = static_cast<std::size_t>(type);
    return index < names.size() ? names[index] : "unknown type";
}

std::string describeOption(const mpsmtp_option& option)
{
    std::string text = "    " + shown(option.key) + " (";
    if (option.type == MPSMTP_OPTION_ENUM)
        text += shown(option.choices);
    else
        text += typeName(option.type);
    if (option.required != 0)
        text += ", must be set";
    else if (option.has_default != 0 && option.default_value.size != 0)
        text += ", default " + shown(option.default_value);
    return text + "): " + shown(option.doc) + "\n";
}

std::string describePlugin(const mpsmtp_plugin& plugin, const std::string& path, bool isVerbose)
{
    std::string text = shown(plugin.type) + " " + shown(plugin.version) + " (ABI " +
                       std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor) +
                       ") " + path + "\n";
    for (std::size_t i = 0; isVerbose && i < plugin.option_count; ++i)
        text += describeOption(*plugin.options[i]);
    return text;
}

} // namespace

std::vector<std::string> findPlugins(const std::string& directory)
{
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        if (entry.path().extension() == ".so")
            paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::string
describePlugins(const std::vector<std::string>& paths, bool isVerbose, delivery::PluginProbe* probe)
{
    std::string text;
    for (const std::string& path : paths)
    {
        const auto result = delivery::loadProbedPlugin(path, probe);
        text += result.plugin != nullptr ? describePlugin(*result.plugin, path, isVerbose)
                                         : "broken: " + result.mistake + "\n";
    }
    return text;
}

} // namespace mpsmtp::app
