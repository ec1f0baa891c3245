// Plugins as shared objects: found, loaded and checked, with one sentence for each way to fail that says what to do.
//
// Loaded with RTLD_NOW (an undefined symbol is a mistake in the configuration, not a crash at the first mail) and
// RTLD_LOCAL (two plugins that each have a `class MyHandler` stay apart). Never unloaded: threads, thread-local objects and
// atexit functions of a plugin may live on. Poco::ClassLoader does the opposite of all three, and so is not used.
// Thread safety: [main].
#pragma once

#include "delivery/DeliveryConfig.h"
#include "delivery/PluginProbe.h"

#include <mpsmtp/abi.h>

#include <map>
#include <string>
#include <string_view>

namespace mpsmtp::delivery
{

/// A plugin, or why there is none.
struct PluginResult
{
    const mpsmtp_plugin* plugin = nullptr; ///< valid for ever
    std::string mistake;                   ///< a sentence, if `plugin` is nullptr
};

/// True for what may name a type: lower-case letters, digits, '-' and '_'.
[[nodiscard]] bool isTypeName(std::string_view text) noexcept;

/// What makes a descriptor unusable for this server, or "".
/// \param path for the sentence
[[nodiscard]] std::string descriptorMistake(const mpsmtp_plugin& plugin, const std::string& path);

/// Loads one shared object. \param path absolute
[[nodiscard]] PluginResult loadPlugin(const std::string& path);

/// The same, but in a child process first. \param probe may be nullptr
[[nodiscard]] PluginResult loadProbedPlugin(const std::string& path, PluginProbe* probe);

/// Finds the plugin of each handler section; each file is loaded once.
class PluginLibrary
{
public:
    /// \param directory where the bundled TYPE.so lie
    /// \param probe tries each file before it is loaded; nullptr: nobody does. Must outlive the object
    explicit PluginLibrary(std::string directory, PluginProbe* probe = nullptr);

    [[nodiscard]] PluginResult find(const HandlerConfig& section);

private:
    [[nodiscard]] PluginResult findBundled(const std::string& type);
    [[nodiscard]] const PluginResult& load(const std::string& path);
    [[nodiscard]] std::string suggestType(const std::string& type) const;

    const std::string _directory;
    PluginProbe* const _probe;
    std::map<std::string, PluginResult> _loaded; ///< by path
};

} // namespace mpsmtp::delivery
