// Where the source and the build lie. Functions and not macros, so that the objects of all clones are the same and the
// compiler's cache serves them all. Thread safety: [any].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::test
{

/// Absolute path of a file of the repository. \param path begins with "/"
[[nodiscard]] std::string inSource(std::string_view path);

/// Absolute path of a file of the build folder. \param path begins with "/"
[[nodiscard]] std::string inBuild(std::string_view path);

} // namespace mpsmtp::test
