// One open folder, and what paths of folders have in common.
// Thread safety: Folder [any] (immutable).
#pragma once

#include "common/FileDescriptor.h"

#include <mpsmtp/Context.h>

#include <string>

#include <sys/types.h>

namespace mpsmtp::store
{

/// An open folder.
class Folder
{
public:
    /// \throws std::system_error
    Folder(std::string path, FileDescriptor fd);

    [[nodiscard]] int fd() const noexcept { return _fd.get(); }

    [[nodiscard]] const std::string& path() const noexcept { return _path; }

    [[nodiscard]] dev_t device() const noexcept { return _device; }

    [[nodiscard]] ino_t inode() const noexcept { return _inode; }

    /// True if its path still leads to this folder: it was not removed, renamed or replaced. One
    /// stat(2).
    [[nodiscard]] bool isInPlace() const noexcept;

    /// Makes its entries durable.
    /// \throws std::system_error with the path
    void sync(const Storage& storage) const;

private:
    std::string _path;
    FileDescriptor _fd;
    dev_t _device = 0;
    ino_t _inode = 0;
};

/// None, with errno, if it cannot be opened for reading.
[[nodiscard]] FileDescriptor openFolder(const std::string& path);

/// "/a/b" of "/a/b/c", "/" of "/a", "." of "a".
[[nodiscard]] std::string parentOf(const std::string& path);

} // namespace mpsmtp::store
