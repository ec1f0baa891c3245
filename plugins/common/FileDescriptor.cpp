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

namespace
{

/// What an administrator does about it, where the error alone does not say: a service sees most of the system read-only, and is
/// a user without rights outside its own folders.
const char* adviceFor(int error) noexcept
{
    switch (error)
    {
    case EROFS:
        return " (mounted read-only; a systemd unit needs ReadWritePaths= in a drop-in)";
    case EACCES:
    case EPERM:
        return " (the server's user may not; look at the owner and the mode)";
    default:
        return "";
    }
}

} // namespace

void throwSystemError(int error, std::string_view what, const std::string& path)
{
    throw std::system_error(
        error, std::generic_category(), std::string(what) + " " + path + adviceFor(error));
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
