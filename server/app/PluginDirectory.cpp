// What this is and its thread safety: PluginDirectory.h.
#include "app/PluginDirectory.h"

#include "app/BuildInfo.h"

#include <filesystem>
#include <system_error>

namespace mpsmtp::app
{

namespace
{

/// \param installed, built seen from the folder of the program
std::string find(const std::string& programFolder, const char* installed, const char* built)
{
    const std::filesystem::path folder(programFolder);
    const auto installedPath = (folder / installed).lexically_normal();
    const auto builtPath = (folder / built).lexically_normal();
    std::error_code ignored;
    const bool isBuildTree = !std::filesystem::is_directory(installedPath, ignored) &&
                             std::filesystem::is_directory(builtPath, ignored);
    return (isBuildTree ? builtPath : installedPath).string();
}

} // namespace

std::string programFolder()
{
    return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

std::string bundledPluginDirectory()
{
    return bundledPluginDirectory(programFolder());
}

std::string bundledPluginDirectory(const std::string& programFolder)
{
    return find(programFolder, installedPlugins, builtPlugins);
}

std::string templateDirectory(const std::string& programFolder)
{
    return find(programFolder, installedTemplate, builtTemplate);
}

std::string packageDirectory(const std::string& programFolder)
{
    return find(programFolder, installedPackage, builtPackage);
}

} // namespace mpsmtp::app
