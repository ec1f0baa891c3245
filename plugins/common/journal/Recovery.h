// What happens to the records that a process has left behind. Nothing else is running on the journal
// meanwhile.
//
// A killed process: the kernel still has every file that was put in place, and no record is needed
// once the file system is durable. A killed kernel: every record that was not replaced is given to
// the store, which puts back what is missing or torn (Restore); then the file system is made durable.
// A record may name mail that nobody was told is stored; it is put in place all the same (the sender
// will send it again: RFC 5321 6.1), since the record does not say.
// Thread safety: [main].
#pragma once

#include "common/journal/Format.h"
#include "common/journal/Segment.h"

#include <mpsmtp/Context.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace mpsmtp::store::journal
{

/// Puts back what the record names.
/// \param isDistrusted  files that look right may not be on the disk: write them anew
/// \throws whatever keeps it from doing so
using Restore = std::function<void(const FilesRecord& record, bool isDistrusted)>;

/// Goes through the segments in use, ends their use, and returns how many records were given to
/// `restore`.
/// \throws std::system_error, what `restore` throws; the segments then stay as they are
std::size_t recover(const std::vector<Segment*>& segments,
                    const std::string& bootId,
                    const Storage& storage,
                    const Restore& restore);

/// The running kernel's, "" if it does not tell.
[[nodiscard]] std::string currentBootId();

} // namespace mpsmtp::store::journal
