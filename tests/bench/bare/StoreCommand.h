// `mpsmtp_bare store`: what the disk can do with a way, without SMTP.
// Thread safety: [main].
#pragma once

#include "bench/base/Arguments.h"
#include "bench/base/Json.h"

namespace mpsmtp::bench
{

[[nodiscard]] std::vector<OptionRow> storeOptions();

/// Runs the way in a new folder below --folder, and counts what it stored there. The folder is the caller's to remove, once
/// all is measured, unless --remove is given: for a minute or more ext4 does not use a deleted file's inode again and looks at
/// each such inode whenever it makes a file (recently_deleted() in the kernel, 75 % of all time in perf). After a few thousand
/// deletions a file costs 1 ms of processor time instead of 0.03, for every program on that disk.
/// \throws UsageMistake, std::system_error; std::runtime_error if a message is missing
[[nodiscard]] Json measureStore(const Arguments& arguments);

} // namespace mpsmtp::bench
