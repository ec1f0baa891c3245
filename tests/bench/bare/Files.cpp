#include "bench/bare/Files.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::bench
{

void check(int result, std::string_view what, const std::string& path)
{
    if (result < 0)
        store::throwSystemError(errno, what, path);
}

FileDescriptor openOrThrow(const std::string& path, int flags, mode_t mode)
{
    FileDescriptor fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
    check(fd.get(), "cannot open", path);
    return fd;
}

FileDescriptor openFolder(const std::string& path)
{
    return openOrThrow(path, O_RDONLY | O_DIRECTORY);
}

void makeFolder(const std::string& path)
{
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        store::throwSystemError(errno, "cannot make", path);
}

void syncAll(int fd, const std::string& path)
{
    check(::fsync(fd), "cannot sync", path);
}

void syncData(int fd, const std::string& path)
{
    check(::fdatasync(fd), "cannot sync", path);
}

void syncFileSystem(const std::string& path)
{
    const FileDescriptor folder = openFolder(path);
    check(::syncfs(folder.get()), "cannot sync the file system of", path);
}

void writeAt(int fd, std::string_view octets, off_t offset, const std::string& path)
{
    while (!octets.empty())
    {
        const ssize_t written = ::pwrite(fd, octets.data(), octets.size(), offset);
        if (written < 0 && errno == EINTR)
            continue;
        check(static_cast<int>(written), "cannot write to", path);
        octets.remove_prefix(static_cast<std::size_t>(written));
        offset += written;
    }
}

} // namespace mpsmtp::bench
