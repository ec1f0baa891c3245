#include "common/Folder.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace mpsmtp::store
{

FileDescriptor openFolder(const std::string& path)
{
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

std::string parentOf(const std::string& path)
{
    const auto slash = path.rfind('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Folder::Folder(std::string path, FileDescriptor fd) : _path(std::move(path)), _fd(std::move(fd))
{
    struct stat status
    {
    };

    if (::fstat(_fd.get(), &status) != 0)
        throwSystemError(errno, "cannot examine", _path);
    _device = status.st_dev;
    _inode = status.st_ino;
}

bool Folder::isInPlace() const noexcept
{
    struct stat status
    {
    };

    return ::stat(_path.c_str(), &status) == 0 && status.st_dev == _device &&
           status.st_ino == _inode;
}

void Folder::sync(const Storage& storage) const
{
    try
    {
        storage.syncFolder(fd());
    }
    catch (const std::system_error& error)
    {
        throwSystemError(error.code().value(), "cannot make durable the folder", _path);
    }
}

} // namespace mpsmtp::store
