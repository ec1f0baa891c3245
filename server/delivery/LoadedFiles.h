// Which plugin files the process runs the code of. Plugins are never unloaded, so a file that is
// replaced on the disk changes nothing before a restart; whoever replaced it should be told.
// Thread safety: [main].
#pragma once

#include <string>
#include <vector>

namespace mpsmtp::delivery
{

/// The code of `path` runs from now on, for as long as the process does. Only the first call for a
/// path counts: dlopen gives the same library again, whatever the file holds by then.
void noteLoaded(const std::string& path);

/// The files that are others now than when they were loaded, or gone.
[[nodiscard]] std::vector<std::string> changedPlugins();

} // namespace mpsmtp::delivery
