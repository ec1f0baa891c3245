// The spool's folder at the start of the server. Thread safety: [main].
#pragma once

#include "delivery/FileCalls.h"

#include <string>

namespace mpsmtp::delivery
{

/// Makes the folder for its owner alone (0700) if it is missing, its parents too, and tries a file in it.
/// \return what is wrong, as a sentence, or ""
[[nodiscard]] std::string prepareSpoolDirectory(FileCalls& files, const std::string& directory);

} // namespace mpsmtp::delivery
