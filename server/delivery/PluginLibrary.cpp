// What this is and its thread safety: PluginLibrary.h.
#include "delivery/PluginLibrary.h"

#include "delivery/LoadedFiles.h"
#include "delivery/Suggestion.h"

#include <mpsmtp/Reply.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include <dlfcn.h>

namespace mpsmtp::delivery
{

namespace
{

using mpsmtp::detail::fromAbi;

/// What a plugin of interface 1.0 fills in; structs only grow at their end.
constexpr std::size_t pluginSizeOf10 =
    offsetof(mpsmtp_plugin, create) + sizeof(mpsmtp_plugin::create);
constexpr std::size_t optionSizeOf10 =
    offsetof(mpsmtp_option, choices) + sizeof(mpsmtp_option::choices);

std::string inQuotes(std::string_view text)
{
    return "\"" + std::string(text) + "\"";
}

std::string version(unsigned major, unsigned minor)
{
    return std::to_string(major) + "." + std::to_string(minor);
}

/// What stands between `before` and the next of `end` in `text`, or "".
std::string between(const std::string& text, std::string_view before, std::string_view end)
{
    const auto begin = text.find(before);
    if (begin == std::string::npos)
        return {};
    const auto from = begin + before.size();
    return text.substr(from, text.find_first_of(end, from) - from);
}

/// dlopen's text for a file that is no ELF object is long and odd, so the file is looked at first.
bool isSharedObject(const std::string& path)
{
    constexpr std::array<char, 4> elf{'\x7f', 'E', 'L', 'F'};
    std::array<char, 4> begin{};
    std::ifstream file(path, std::ios::binary);
    file.read(begin.data(), begin.size());
    return file.gcount() == static_cast<std::streamsize>(begin.size()) && begin == elf;
}

/// What can be seen without loading it, or "".
std::string fileMistake(const std::string& path)
{
    std::error_code error;
    if (!std::filesystem::exists(path, error))
        return "cannot load " + path + ": " + (error ? error.message() : "no such file");
    if (!isSharedObject(path))
        return "cannot load " + path +
               ": it cannot be read, or is not a shared object; build it with g++ -shared -fPIC";
    return {};
}

/// \param error what dlerror() said
std::string loadMistake(const std::string& path, const std::string& error)
{
    const std::string cannot = "cannot load " + path + ": ";
    if (const auto symbol = between(error, "undefined symbol: ", " \t("); !symbol.empty())
        return cannot + "undefined symbol " + symbol +
               "; link the library that defines it (with -Wl,-z,defs the linker tells)";
    constexpr std::string_view missing = ": cannot open shared object file: No such file";
    if (const auto end = error.find(missing); end != std::string::npos)
        return cannot + "it needs " + error.substr(0, end) + ", which is not installed";
    return cannot + error;
}

std::string malformed(const std::string& path, std::string_view what)
{
    return path + " has a malformed descriptor (" + std::string(what) +
           "); build it again with the SDK";
}

std::string versionMistake(const mpsmtp_plugin& plugin, const std::string& path)
{
    if (plugin.abi_major == MPSMTP_ABI_MAJOR && plugin.abi_minor <= MPSMTP_ABI_MINOR)
        return {};
    return path + " was built for plugin interface " + version(plugin.abi_major, plugin.abi_minor) +
           ", this server has " + version(MPSMTP_ABI_MAJOR, MPSMTP_ABI_MINOR) +
           "; build it with this server's SDK" +
           (plugin.abi_major == MPSMTP_ABI_MAJOR ? ", or upgrade the server" : "");
}

std::string tableMistake(const mpsmtp_plugin& plugin, const std::string& path)
{
    if (!plugin.create)
        return malformed(path, "no create function");
    if (plugin.option_count != 0 && !plugin.options)
        return malformed(path, "no option table");
    for (std::size_t i = 0; i < plugin.option_count; ++i)
        if (!plugin.options[i] || plugin.options[i]->size < optionSizeOf10)
            return malformed(path, "option " + std::to_string(i));
    return {};
}

} // namespace

PluginResult loadProbedPlugin(const std::string& path, PluginProbe* probe)
{
    std::string mistake = fileMistake(path); // needs no process
    if (mistake.empty() && probe)
        mistake = probe->mistake(path);
    return mistake.empty() ? loadPlugin(path) : PluginResult{nullptr, std::move(mistake)};
}

bool isTypeName(std::string_view text) noexcept
{
    return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") ==
                                std::string_view::npos;
}

std::string descriptorMistake(const mpsmtp_plugin& plugin, const std::string& path)
{
    // In this order: of another major version nothing behind the version numbers may be read.
    if (plugin.magic != MPSMTP_ABI_MAGIC)
        return path + " is not an mpsmtp plugin: its " MPSMTP_PLUGIN_SYMBOL " is something else";
    if (auto mistake = versionMistake(plugin, path); !mistake.empty())
        return mistake;
    if (plugin.size < pluginSizeOf10)
        return malformed(path, "its size is " + std::to_string(plugin.size));
    if (const auto type = fromAbi(plugin.type); !isTypeName(type))
        return path + " names its type " + inQuotes(type) +
               "; a type is made of lower-case letters, digits, \"-\" and \"_\"";
    return tableMistake(plugin, path);
}

PluginResult loadPlugin(const std::string& path)
{
    if (auto mistake = fileMistake(path); !mistake.empty())
        return {nullptr, std::move(mistake)};
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return {nullptr, loadMistake(path, ::dlerror())};
    noteLoaded(path);
    const auto* plugin = static_cast<const mpsmtp_plugin*>(::dlsym(library, MPSMTP_PLUGIN_SYMBOL));
    if (!plugin)
        return {nullptr,
                path + " is not an mpsmtp plugin: it exports no " MPSMTP_PLUGIN_SYMBOL
                       "; does a source file of it end with MPSMTP_PLUGIN(…)?"};
    if (auto mistake = descriptorMistake(*plugin, path); !mistake.empty())
        return {nullptr, std::move(mistake)};
    return {plugin, {}};
}

PluginLibrary::PluginLibrary(std::string directory, PluginProbe* probe)
    : _directory(std::move(directory)), _probe(probe)
{
}

PluginResult PluginLibrary::find(const HandlerConfig& section)
{
    if (section.type.empty() == section.plugin.empty())
        return {nullptr,
                section.type.empty()
                    ? "needs \"type = …\" (a bundled plugin) or \"plugin = …\" (a shared object)"
                    : "has both \"type\" and \"plugin\"; use one of them"};
    if (!section.type.empty())
        return findBundled(section.type);
    if (section.plugin.front() != '/')
        return {nullptr, "plugin = " + inQuotes(section.plugin) + " is not an absolute path"};
    return load(section.plugin);
}

PluginResult PluginLibrary::findBundled(const std::string& type)
{
    if (!isTypeName(type))
        return {nullptr,
                "bad type " + inQuotes(type) +
                    ": a type is made of lower-case letters, digits, \"-\" and \"_\""};
    const std::string path = _directory + "/" + type + ".so";
    std::error_code error;
    if (!std::filesystem::exists(path, error))
        return {nullptr,
                "unknown type " + inQuotes(type) + suggestType(type) + ": there is no " + path};
    const PluginResult& result = load(path);
    if (result.plugin && fromAbi(result.plugin->type) != type)
        return {nullptr,
                path + " holds the type " + inQuotes(fromAbi(result.plugin->type)) +
                    "; name the file after its type"};
    return result;
}

const PluginResult& PluginLibrary::load(const std::string& path)
{
    const auto found = _loaded.find(path);
    return found != _loaded.end()
               ? found->second
               : _loaded.emplace(path, loadProbedPlugin(path, _probe)).first->second;
}

std::string PluginLibrary::suggestType(const std::string& type) const
{
    std::vector<std::string> types;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(_directory, error))
        if (entry.path().extension() == ".so")
            types.push_back(entry.path().stem().string());
    std::sort(types.begin(), types.end());
    return didYouMean(type, types);
}

} // namespace mpsmtp::delivery
