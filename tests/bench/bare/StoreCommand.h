// `mpsmtp_bare store`: what the disk can do with a way, without SMTP.
// Thread safety: [main].
#pragma once

#include "bench/base/Arguments.h"
#include "bench/base/Json.h"

namespace mpsmtp::bench
{

[[nodiscard]] std::vector<OptionRow> storeOptions();

/// Runs the way in a folder of its own below --folder, which is removed again, and counts what it stored.
/// \throws UsageMistake, std::system_error; std::runtime_error if a message is missing
[[nodiscard]] Json measureStore(const Arguments& arguments);

} // namespace mpsmtp::bench
