// The system calls of the ways, with errors as exceptions that carry the path.
// Thread safety: [any].
#pragma once

#include "common/FileDescriptor.h"

#include <string>
#include <string_view>

#include <sys/types.h>

namespace mpsmtp::bench
{

using store::FileDescriptor;

/// \throws std::system_error, as all below
[[nodiscard]] FileDescriptor openOrThrow(const std::string& path, int flags, mode_t mode = 0600);
[[nodiscard]] FileDescriptor openFolder(const std::string& path);
/// A folder that is there already is as good.
void makeFolder(const std::string& path);

/// fsync(2)
void syncAll(int fd, const std::string& path);
/// fdatasync(2)
void syncData(int fd, const std::string& path);
/// syncfs(2): the whole file system that `path` lies on
void syncFileSystem(const std::string& path);

/// Writes at `offset`, however the kernel cuts it up.
void writeAt(int fd, std::string_view octets, off_t offset, const std::string& path);

/// Throws the errno value of a call that returned `result` < 0.
void check(int result, std::string_view what, const std::string& path);

} // namespace mpsmtp::bench
