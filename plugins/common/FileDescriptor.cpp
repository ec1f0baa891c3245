#include "common/FileDescriptor.h"

#include <cerrno>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::store
{

FileDescriptor::~FileDescriptor()
{
    // What close() may report was asked for by fdatasync before; here nobody could act on it.
    if (_fd >= 0)
        (void)::close(_fd);
}

void throwSystemError(int error, std::string_view what, const std::string& path)
{
    throw std::system_error(error, std::generic_category(), std::string(what) + " " + path);
}

void writeAll(int fd, std::string_view octets, const std::string& path)
{
    while (!octets.empty())
    {
        const ssize_t written = ::write(fd, octets.data(), octets.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            throwSystemError(errno, "cannot write to", path);
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
}

void setMode(int fd, mode_t mode, const std::string& path)
{
    struct stat status
    {
    };

    if (::fstat(fd, &status) != 0)
        throwSystemError(errno, "cannot examine", path);
    if ((status.st_mode & 0777u) != mode && ::fchmod(fd, mode) != 0)
        throwSystemError(errno, "cannot set the mode of", path);
}

} // namespace mpsmtp::store
