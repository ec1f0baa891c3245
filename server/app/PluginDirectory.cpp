// What this is and its thread safety: PluginDirectory.h.
#include "app/PluginDirectory.h"

#include "app/BuildInfo.h"

#include <filesystem>
#include <system_error>

namespace mpsmtp::app
{

std::string bundledPluginDirectory()
{
    return bundledPluginDirectory(
        std::filesystem::read_symlink("/proc/self/exe").parent_path().string());
}

std::string bundledPluginDirectory(const std::string& programFolder)
{
    const std::filesystem::path folder(programFolder);
    const auto installed = (folder / installedPlugins).lexically_normal();
    const auto built = (folder / builtPlugins).lexically_normal();
    std::error_code ignored;
    const bool isBuildTree = !std::filesystem::is_directory(installed, ignored) &&
                             std::filesystem::is_directory(built, ignored);
    return (isBuildTree ? built : installed).string();
}

} // namespace mpsmtp::app
