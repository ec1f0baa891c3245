#include "mbox/MailboxFile.h"

#include "mbox/ReadAt.h"

#include <mpsmtp/Error.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace mpsmtp::mbox
{

namespace
{

using store::FileDescriptor;
using store::throwSystemError;

// O_APPEND: a program that ignores every lock may lose its place, never its octets. O_NONBLOCK: a
// FIFO that came between the check and the open must not hold the thread.
constexpr int openFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

void requireRegularFile(const struct stat& status, const std::string& path)
{
    if (!S_ISREG(status.st_mode))
        throw Error(Reply(451, "4.3.5", "Mailbox unavailable"), path + " is not a regular file");
}

/// Before the open, since opening a device can do things.
void checkType(const std::string& path)
{
    struct stat status = {};
    if (::stat(path.c_str(), &status) == 0)
        requireRegularFile(status, path);
}

/// Closed if it exists by now.
FileDescriptor create(const std::string& path, mode_t mode)
{
    FileDescriptor fd(::open(path.c_str(), openFlags | O_CREAT | O_EXCL, mode));
    if (!fd.isOpen() && errno != EEXIST)
        throwSystemError(errno, "cannot make mailbox", path);
    if (fd.isOpen() && ::fchmod(fd.get(), mode) != 0)
        throwSystemError(errno, "cannot set the mode of mailbox", path);
    return fd;
}

FileDescriptor openOrCreate(const std::string& path, const OpenPolicy& policy)
{
    for (;;)
    {
        FileDescriptor fd(::open(path.c_str(), openFlags));
        if (fd.isOpen())
            return fd;
        if (errno != ENOENT)
            throwSystemError(errno, "cannot open mailbox", path);
        if (!policy.create)
            return {};
        fd = create(path, policy.mode);
        if (fd.isOpen())
            return fd;
    }
}

} // namespace

std::shared_ptr<const MailboxFile> MailboxFile::open(const std::string& path,
                                                     const OpenPolicy& policy)
{
    checkType(path);
    FileDescriptor fd = openOrCreate(path, policy);
    if (!fd.isOpen())
        return nullptr;
    struct stat status = {};
    if (::fstat(fd.get(), &status) != 0)
        throwSystemError(errno, "cannot examine mailbox", path);
    requireRegularFile(status, path);
    return std::make_shared<const MailboxFile>(path, std::move(fd), status);
}

MailboxFile::MailboxFile(std::string path, FileDescriptor fd, const struct stat& status)
    : _path(std::move(path)), _fd(std::move(fd)), _device(status.st_dev), _inode(status.st_ino)
{
}

bool MailboxFile::isInPlace() const noexcept
{
    struct stat status = {};
    return ::stat(_path.c_str(), &status) == 0 && status.st_dev == _device &&
           status.st_ino == _inode;
}

std::uint64_t MailboxFile::size() const
{
    struct stat status = {};
    if (::fstat(fd(), &status) != 0)
        throwSystemError(errno, "cannot examine mailbox", _path);
    return static_cast<std::uint64_t>(status.st_size);
}

std::string_view MailboxFile::padding(std::uint64_t size) const
{
    if (size == 0)
        return "";
    const std::size_t count = size < 3 ? static_cast<std::size_t>(size) : 3;
    const std::string tail = readAt(fd(), size - count, count);
    const auto endsWith = [&tail](std::string_view end)
    {
        return tail.size() >= end.size() &&
               std::string_view(tail).substr(tail.size() - end.size()) == end;
    };
    if (tail == "\n" || endsWith("\n\n") || endsWith("\n\r\n"))
        return "";
    return endsWith("\n") ? "\n" : "\n\n";
}

void MailboxFile::truncate(std::uint64_t size) const
{
    while (::ftruncate(fd(), static_cast<off_t>(size)) != 0)
    {
        if (errno != EINTR)
            throwSystemError(errno, "cannot truncate mailbox", _path);
    }
}

std::string resolveLinks(const std::string& path)
{
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode))
        return path;
    char* const resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr)
        throwSystemError(errno, "cannot follow the symbolic link of mailbox", path);
    std::string target(resolved);
    std::free(resolved); // NOLINT(cppcoreguidelines-no-malloc): realpath's contract
    return target;
}

} // namespace mpsmtp::mbox
