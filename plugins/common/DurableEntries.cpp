#include "common/DurableEntries.h"

#include "common/Folder.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace mpsmtp::store
{

namespace
{

// Paths that are known to be durable; some 200 octets each. Forgetting one costs an fsync, nothing
// else.
constexpr std::size_t settledPaths = 65536;

/// Not with this folder, or not for us; whether its disk is sound is another question.
[[nodiscard]] bool meansNeverSyncable(int error) noexcept
{
    return error == EACCES || error == EPERM || error == EINVAL || error == EROFS ||
           error == EOPNOTSUPP || error == ENOSYS;
}

[[nodiscard]] struct stat statusOf(int folder)
{
    struct stat status = {};
    if (::fstat(folder, &status) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot examine");
    return status;
}

/// The folder above, as the file system has it, whatever links the path has.
/// \return none where its file system is mounted: what was there before it is not ours to keep
[[nodiscard]] FileDescriptor openAbove(int folder)
{
    FileDescriptor above(::openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!above.isOpen())
        throw std::system_error(errno, std::generic_category(), "cannot open");
    const struct stat own = statusOf(folder);
    const struct stat other = statusOf(above.get());
    const bool isRoot = own.st_ino == other.st_ino;
    return own.st_dev != other.st_dev || isRoot ? FileDescriptor() : std::move(above);
}

} // namespace

DurableEntries::DurableEntries(const Storage& storage, std::string base)
    : _storage(storage), _base(std::move(base)), _settlings(settledPaths)
{
}

void DurableEntries::settle(const std::string& path, const Identity& identity)
{
    if (identity && isSettled(path, *identity))
        return;
    const std::uint64_t number = beginSettling(path);
    try
    {
        syncWayTo(path, identity && identity->isFolder);
    }
    catch (const std::system_error& error)
    {
        if (!meansNeverSyncable(error.code().value()) || !syncFileSystemOf(path))
            throw;
    }
    if (identity)
        endSettling(path, number, *identity);
}

/// From the base on upward, and outside of it (a mailbox that a link leads to), the way is the file system's.
void DurableEntries::syncWayTo(const std::string& path, bool isFolder)
{
    const std::string parent = parentOf(path);
    if (parent == path || (isFolder && !isBelowBase(path)))
    {
        syncAbove(path);
        return;
    }
    settle(parent, FileIdentity::of(parent));
    FileDescriptor fd = openFolder(parent);
    if (!fd.isOpen())
        throwSystemError(errno, "cannot open the folder", parent);
    Folder(parent, std::move(fd)).sync(_storage);
}

/// The entries of a folder and of all above it.
void DurableEntries::syncAbove(const std::string& path)
{
    try
    {
        FileDescriptor folder = openFolder(path);
        if (!folder.isOpen())
            throw std::system_error(errno, std::generic_category(), "cannot open");
        for (auto above = openAbove(folder.get()); above.isOpen(); above = openAbove(folder.get()))
        {
            _storage.syncFolder(above.get());
            folder = std::move(above);
        }
    }
    catch (const std::system_error& error)
    {
        throwSystemError(error.code().value(), "cannot make durable the way to", path);
    }
}

/// For a folder on the way that cannot be synced by itself: it lies on the same file system.
/// \return false if what is at `path` cannot be opened
bool DurableEntries::syncFileSystemOf(const std::string& path)
{
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fd.isOpen())
        return false;
    try
    {
        _storage.syncFileSystem(fd.get());
    }
    catch (const std::system_error& error)
    {
        throwSystemError(error.code().value(), "cannot make durable the file system of", path);
    }
    return true;
}

void DurableEntries::forget(const std::string& path)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    _settlings.erase(path);
}

void DurableEntries::forgetWayTo(const std::string& path)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    for (std::string folder = path;; folder = parentOf(folder))
    {
        _settlings.erase(folder);
        if (folder == _base || folder == parentOf(folder))
            return;
    }
}

bool DurableEntries::isBelowBase(const std::string& path) const
{
    std::string folder = path;
    for (std::string parent = parentOf(folder); parent != folder; parent = parentOf(folder))
    {
        if (parent == _base)
            return true;
        folder = parent;
    }
    return false;
}

/// Not while it is being made: it may be the one that was there before.
bool DurableEntries::isSettled(const std::string& path, const FileIdentity& identity)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    const Settling* known = _settlings.find(path);
    return known && known->number == 0 && known->identity == identity &&
           _inTheMaking.find(path) == _inTheMaking.end();
}

/// In front of the sync. Several who settle one path at a time share a number: whoever ends first has
/// synced behind the last making, else the number would be gone.
std::uint64_t DurableEntries::beginSettling(const std::string& path)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    const Settling* known = _settlings.find(path);
    if (known && known->number != 0)
        return known->number;
    return _settlings.put(path, {++_lastSettling, {}}).number;
}

void DurableEntries::endSettling(const std::string& path,
                                 std::uint64_t number,
                                 const FileIdentity& identity)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    Settling* known = _settlings.find(path);
    if (known && known->number == number)
        *known = {0, identity};
}

DurableEntries::Making::Making(DurableEntries& entries, std::string path)
    : _entries(entries), _path(std::move(path))
{
    const std::lock_guard<std::mutex> lock(_entries._mutex);
    _entries._inTheMaking.insert(_path);
}

DurableEntries::Making::~Making()
{
    const std::lock_guard<std::mutex> lock(_entries._mutex);
    _entries._settlings.erase(_path);
    _entries._inTheMaking.erase(_entries._inTheMaking.find(_path));
}

} // namespace mpsmtp::store
