#include "common/FolderCache.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>

namespace mpsmtp::store
{

namespace
{

// Paths that are known to be durable; some 200 octets each. Forgetting one costs an fsync, nothing
// else.
constexpr std::size_t settledPaths = 65536;

[[nodiscard]] FileDescriptor openFolder(const std::string& path)
{
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Not with this folder, or not for us; whether its disk is sound is another question.
[[nodiscard]] bool meansNeverSyncable(int error) noexcept
{
    return error == EACCES || error == EPERM || error == EINVAL || error == EROFS ||
           error == EOPNOTSUPP || error == ENOSYS;
}

/// The folder above, as the file system has it, whatever links the path has.
/// \return none where its file system is mounted: what was there before it is not ours to keep
[[nodiscard]] FileDescriptor openAbove(int folder)
{
    FileDescriptor above(::openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!above.isOpen())
        throw std::system_error(errno, std::generic_category(), "cannot open");

    struct stat own
    {
    };

    struct stat other
    {
    };

    if (::fstat(folder, &own) != 0 || ::fstat(above.get(), &other) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot examine");
    const bool isRoot = own.st_ino == other.st_ino;
    return own.st_dev != other.st_dev || isRoot ? FileDescriptor() : std::move(above);
}

} // namespace

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

FolderCache::FolderCache(const Storage& storage, std::string base, FolderPolicy policy)
    : _storage(storage),
      _base(std::move(base)),
      _policy(policy),
      _open(policy.capacity),
      _settlings(settledPaths)
{
}

std::shared_ptr<const Folder> FolderCache::open(const std::string& path)
{
    if (auto folder = find(path))
        return folder;
    FileDescriptor fd = openOrMake(path);
    if (!fd.isOpen())
        return nullptr;
    settle(path, FileIdentity::of(fd.get()));
    auto folder = std::make_shared<const Folder>(path, std::move(fd));
    const std::lock_guard<std::mutex> lock(_mutex);
    return _open.put(path, std::move(folder));
}

std::shared_ptr<const Folder> FolderCache::find(const std::string& path)
{
    std::shared_ptr<const Folder> folder;
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        if (const auto* known = _open.find(path))
            folder = *known;
    }
    if (!folder || folder->isInPlace())
        return folder;
    // Another one may have come to its place. The old one stays open until that is known: its inode shall not be given to the
    // new one, which would be taken for it (MessageNumbers).
    const std::lock_guard<std::mutex> lock(_mutex);
    _settlings.erase(path);
    return nullptr;
}

bool FolderCache::ensure(const std::string& path)
{
    Identity identity = FileIdentity::of(path);
    if (!identity || !identity->isFolder)
    {
        const FileDescriptor fd = openOrMake(path);
        if (!fd.isOpen())
            return false;
        identity = FileIdentity::of(fd.get());
    }
    settle(path, identity);
    return true;
}

void FolderCache::settleFile(const std::string& path)
{
    settle(path, FileIdentity::of(path));
}

void FolderCache::forget(const std::string& path)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    _open.erase(path);
    _settlings.erase(path);
}

/// None if the folder is missing and may not be made. A second turn is for those who remove it
/// while it is made.
FileDescriptor FolderCache::openOrMake(const std::string& path)
{
    for (int turn = 0; turn < 3; ++turn)
    {
        FileDescriptor fd = openFolder(path);
        if (fd.isOpen())
            return fd;
        if (errno != ENOENT)
            throwSystemError(errno, "cannot open the folder", path);
        if (!_policy.create)
            return {};
        make(path);
    }
    throwSystemError(ENOENT, "cannot keep the folder", path);
}

/// From mkdir(2) on others may see a folder whose entry is not durable yet, where there may have been a
/// settled one before. While this lives, and from its end on, nobody takes it for that one.
class FolderCache::Making
{
public:
    Making(FolderCache& cache, const std::string& path) : _cache(cache), _path(path)
    {
        const std::lock_guard<std::mutex> lock(_cache._mutex);
        _cache._inTheMaking.insert(path);
    }

    ~Making()
    {
        const std::lock_guard<std::mutex> lock(_cache._mutex);
        _cache._settlings.erase(_path);
        _cache._inTheMaking.erase(_cache._inTheMaking.find(_path));
    }

    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;

private:
    FolderCache& _cache;
    const std::string& _path;
};

/// Makes a folder, with its parents if they are missing. Losing the race against another maker is
/// fine, and so is somebody who removes what is made: openOrMake() takes another turn. Its entry is not
/// durable on return: settle() sees to that, for the maker as for the others.
void FolderCache::make(const std::string& path)
{
    const Making making(*this, path);
    int error = makeOne(path);
    if (error == ENOENT && parentOf(path) != path)
    {
        make(parentOf(path));
        error = makeOne(path);
    }
    if (error != 0 && error != EEXIST && error != ENOENT)
        throwSystemError(error, "cannot make the folder", path);
    const FileDescriptor fd = error == 0 ? openFolder(path) : FileDescriptor();
    if (fd.isOpen())
        setMode(fd.get(), _policy.mode, path);
}

int FolderCache::makeOne(const std::string& path) const
{
    return ::mkdir(path.c_str(), _policy.mode) == 0 ? 0 : errno;
}

/// What exists may have been made by a run that was killed before its fsync, by another store with this
/// base, or by another thread that is still in front of it. So each entry on the way is synced once by
/// each cache, and not by its maker only; once more if something else is in its place.
/// \param identity  who was there in front of the sync
void FolderCache::settle(const std::string& path, const Identity& identity)
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
void FolderCache::syncWayTo(const std::string& path, bool isFolder)
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
void FolderCache::syncAbove(const std::string& path)
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
bool FolderCache::syncFileSystemOf(const std::string& path)
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

bool FolderCache::isBelowBase(const std::string& path) const
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
bool FolderCache::isSettled(const std::string& path, const FileIdentity& identity)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    const Settling* known = _settlings.find(path);
    return known && known->number == 0 && known->identity == identity &&
           _inTheMaking.find(path) == _inTheMaking.end();
}

/// In front of the sync. Several who settle one path at a time share a number: whoever ends first has
/// synced behind the last making, else the number would be gone.
std::uint64_t FolderCache::beginSettling(const std::string& path)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    const Settling* known = _settlings.find(path);
    if (known && known->number != 0)
        return known->number;
    return _settlings.put(path, {++_lastSettling, {}}).number;
}

void FolderCache::endSettling(const std::string& path,
                              std::uint64_t number,
                              const FileIdentity& identity)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    Settling* known = _settlings.find(path);
    if (known && known->number == number)
        *known = {0, identity};
}

} // namespace mpsmtp::store
