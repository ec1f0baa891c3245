// Files that people write for handlers: rules, lists. Thread safety: [any] (pure functions).
#pragma once

#include <string>

namespace mpsmtp::store
{

/// Before a file is read at start or at a reload: opening a FIFO waits for ever, and a device never ends.
/// A file that is not there is the reader's to tell. \throws std::runtime_error
void requirePlainFile(const std::string& path);

} // namespace mpsmtp::store
