// Where the plugins are that came with this program. Thread safety: [any].
#pragma once

#include <string>

namespace mpsmtp::app
{

/// Found from where the program lies, so that a build tree, any install prefix and a relocated copy
/// work.
/// \return an absolute path; of the folder as installed if there is none yet
[[nodiscard]] std::string bundledPluginDirectory();

/// The same for a program in `programFolder`.
[[nodiscard]] std::string bundledPluginDirectory(const std::string& programFolder);

} // namespace mpsmtp::app
