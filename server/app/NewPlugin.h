// Behind --new-plugin: copies the template of a plugin's project (sdk/template) with the names of a
// new one. Leaves to others: where the template is (PluginDirectory).
// Thread safety: [any].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::app
{

/// Why `type` cannot be the type of a new plugin, as a sentence; "" if it can.
[[nodiscard]] std::string newPluginNameProblem(std::string_view type);

/// "spam-mark" → "SpamMark".
[[nodiscard]] std::string classNameOf(std::string_view type);

/// Makes `folder`, which must not exist or be empty, and writes the files into it. After a failure
/// nothing of them is left.
/// \throws std::system_error whose text is a sentence with the path
void writeNewPlugin(const std::string& type,
                    const std::string& templateFolder,
                    const std::string& folder);

/// What to type after that.
/// \param programFolder of mpsmtpd \param package where CMake finds the SDK
[[nodiscard]] std::string nextSteps(const std::string& type,
                                    const std::string& folder,
                                    const std::string& programFolder,
                                    const std::string& package);

} // namespace mpsmtp::app
