// Which file or folder a path leads to at this moment, so that one that has come in its place is told
// from it.
// Thread safety: [any].
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

namespace mpsmtp::store
{

/// The time of birth tells two files that had one inode number, which file systems give out again at once.
/// It is 0 where the file system does not know it.
struct FileIdentity
{
    dev_t device;
    ino_t inode;
    std::int64_t birthSeconds;
    std::uint32_t birthNanoseconds;
    bool isFolder;

    /// What the path leads to, through links. One system call.
    /// \return nullopt if there is nothing, or it cannot be examined
    [[nodiscard]] static std::optional<FileIdentity> of(const std::string& path) noexcept;

    /// What is open. One system call.
    [[nodiscard]] static std::optional<FileIdentity> of(int fd) noexcept;
};

[[nodiscard]] bool operator==(const FileIdentity& left, const FileIdentity& right) noexcept;

} // namespace mpsmtp::store
