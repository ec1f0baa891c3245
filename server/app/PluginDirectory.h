// Where the files are that came with this program: found from where it lies, so that a build tree,
// any install prefix and a relocated copy work.
// Thread safety: [any].
#pragma once

#include <string>

namespace mpsmtp::app
{

/// The folder of the running program, absolute. \throws std::system_error
[[nodiscard]] std::string programFolder();

/// The plugins that came with this program.
/// \return an absolute path; of the folder as installed if there is none yet
[[nodiscard]] std::string bundledPluginDirectory();

/// The same for a program in `programFolder`, as the two below.
[[nodiscard]] std::string bundledPluginDirectory(const std::string& programFolder);

/// The project that --new-plugin copies.
[[nodiscard]] std::string templateDirectory(const std::string& programFolder);

/// What CMake's find_package(mpsmtp) looks for.
[[nodiscard]] std::string packageDirectory(const std::string& programFolder);

} // namespace mpsmtp::app
