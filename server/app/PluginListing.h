// What --list-plugins prints. Thread safety: [main].
#pragma once

#include "delivery/PluginProbe.h"

#include <string>
#include <vector>

namespace mpsmtp::app
{

/// The shared objects of a folder, sorted. \throws std::system_error if it cannot be read
[[nodiscard]] std::vector<std::string> findPlugins(const std::string& directory);

/// One paragraph for each file: type, version, ABI and path, or why it cannot be used.
/// \param isVerbose adds the options with their types, defaults and sentences
/// \param probe tries each plugin before it is loaded; may be nullptr
[[nodiscard]] std::string describePlugins(const std::vector<std::string>& paths,
                                          bool isVerbose,
                                          delivery::PluginProbe* probe);

} // namespace mpsmtp::app
