#include "common/FileIdentity.h"

#include <tuple>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace mpsmtp::store
{

namespace
{

/// Some sandboxes do not know statx(2).
[[nodiscard]] std::optional<FileIdentity>
withoutBirth(int folder, const char* path, int flags) noexcept
{
    struct stat status = {};
    if (::fstatat(folder, path, &status, flags) != 0)
        return std::nullopt;
    return FileIdentity{status.st_dev, status.st_ino, 0, 0, S_ISDIR(status.st_mode)};
}

[[nodiscard]] std::optional<FileIdentity>
identityAt(int folder, const char* path, int flags) noexcept
{
    struct statx status = {};
    if (::statx(folder, path, flags, STATX_TYPE | STATX_INO | STATX_BTIME, &status) != 0)
        return withoutBirth(folder, path, flags);
    FileIdentity identity{makedev(status.stx_dev_major, status.stx_dev_minor),
                          status.stx_ino,
                          0,
                          0,
                          S_ISDIR(status.stx_mode)};
    if ((status.stx_mask & STATX_BTIME) != 0)
    {
        identity.birthSeconds = status.stx_btime.tv_sec;
        identity.birthNanoseconds = status.stx_btime.tv_nsec;
    }
    return identity;
}

} // namespace

std::optional<FileIdentity> FileIdentity::of(const std::string& path) noexcept
{
    return identityAt(AT_FDCWD, path.c_str(), 0);
}

std::optional<FileIdentity> FileIdentity::of(int fd) noexcept
{
    return identityAt(fd, "", AT_EMPTY_PATH);
}

bool operator==(const FileIdentity& left, const FileIdentity& right) noexcept
{
    const auto parts = [](const FileIdentity& of)
    { return std::tie(of.device, of.inode, of.birthSeconds, of.birthNanoseconds, of.isFolder); };
    return parts(left) == parts(right);
}

} // namespace mpsmtp::store
