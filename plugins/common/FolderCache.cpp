#include "common/FolderCache.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>

namespace mpsmtp::store
{

namespace
{

// Paths that are known to be durable; about 100 octets each. Forgetting one costs an fsync, nothing
// else.
constexpr std::size_t settledPaths = 65536;

[[nodiscard]] FileDescriptor openFolder(const std::string& path)
{
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
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
      _settled(settledPaths)
{
}

std::shared_ptr<const Folder> FolderCache::open(const std::string& path)
{
    if (auto folder = find(path))
        return folder;
    FileDescriptor fd = openOrMake(path);
    if (!fd.isOpen())
        return nullptr;
    settle(path);
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
    _settled.erase(path);
    return nullptr;
}

bool FolderCache::ensure(const std::string& path)
{
    struct stat status
    {
    };

    const bool isThere = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    if (!isThere && !openOrMake(path).isOpen())
        return false;
    settle(path);
    return true;
}

void FolderCache::forget(const std::string& path)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    _open.erase(path);
    _settled.erase(path);
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

/// Makes a folder, with its parents if they are missing. Losing the race against another maker is
/// fine. Its entry is not durable on return: settle() sees to that, for the maker as for the others.
void FolderCache::make(const std::string& path)
{
    const bool isBelow = isBelowBase(path);
    beginMaking(path);
    bool isMade = false;
    try
    {
        isMade = makeWithParents(path);
    }
    catch (...)
    {
        endMaking(path, isBelow, false);
        throw;
    }
    endMaking(path, isBelow, isMade);
    if (!isMade)
        return;
    const FileDescriptor fd = openFolder(path);
    if (fd.isOpen())
        setMode(fd.get(), _policy.mode, path);
    if (!isBelow) // settle() leaves alone what the administrator has made there
        settleAboveBase(path);
}

/// \return false if somebody else has made it, or removes what is made (openOrMake() takes another
/// turn)
bool FolderCache::makeWithParents(const std::string& path)
{
    int error = makeOne(path);
    if (error == ENOENT && parentOf(path) != path)
    {
        make(parentOf(path));
        error = makeOne(path);
    }
    if (error != 0 && error != EEXIST && error != ENOENT)
        throwSystemError(error, "cannot make the folder", path);
    return error == 0;
}

int FolderCache::makeOne(const std::string& path) const
{
    return ::mkdir(path.c_str(), _policy.mode) == 0 ? 0 : errno;
}

/// A folder that exists may have been made by a run that was killed before its fsync, or by another
/// thread that is still in front of it. So the entry of each folder on the way is synced once in a
/// process, and not by its maker only.
void FolderCache::settle(const std::string& path)
{
    const std::string parent = parentOf(path);
    if (parent == path || isSettled(path))
        return;
    const std::uint64_t makings = makingsSoFar();
    settle(parent);
    if (isBelowBase(path))
    {
        syncParent(path);
        setSettled(path, makings);
    }
    else if (isFresh(path))
        syncParentIfReadable(path);
}

/// The maker's own sync, behind which nobody else has to do one. If it fails, others go on trying.
void FolderCache::settleAboveBase(const std::string& path)
{
    syncParentIfReadable(path);
    const std::lock_guard<std::mutex> lock(_mutex);
    _fresh.erase(_fresh.find(path));
}

/// At the base and above: what may not be read cannot be synced, and is the administrator's.
void FolderCache::syncParentIfReadable(const std::string& path)
{
    try
    {
        syncParent(path);
    }
    catch (const std::system_error& error)
    {
        if (error.code().value() != EACCES)
            throw;
    }
}

void FolderCache::syncParent(const std::string& path)
{
    const std::string parent = parentOf(path);
    FileDescriptor fd = openFolder(parent);
    if (!fd.isOpen())
        throwSystemError(errno, "cannot open the folder", parent);
    Folder(parent, std::move(fd)).sync(_storage);
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

/// In front of mkdir(2): who sees the folder knows that its entry is not durable yet.
void FolderCache::beginMaking(const std::string& path)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    _fresh.insert(path);
    ++_makings;
}

/// Below the base it is not fresh any more: whoever sees it settles it. Above, it is until its maker
/// has synced its entry.
void FolderCache::endMaking(const std::string& path, bool isBelowBase, bool isMade)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    ++_makings;
    if (isBelowBase)
        _settled.erase(path);
    if (isBelowBase || !isMade)
        _fresh.erase(_fresh.find(path));
}

std::uint64_t FolderCache::makingsSoFar()
{
    const std::lock_guard<std::mutex> lock(_mutex);
    return _makings;
}

/// Not while it is being made: it may be the one that was there before.
bool FolderCache::isSettled(const std::string& path)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    return _settled.find(path) != nullptr && _fresh.find(path) == _fresh.end();
}

bool FolderCache::isFresh(const std::string& path)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    return _fresh.find(path) != _fresh.end();
}

/// \param makings  when its settling began: what was synced may have been another folder of that name
/// if any has been made since; then the next one syncs again
void FolderCache::setSettled(const std::string& path, std::uint64_t makings)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    if (_makings == makings)
        _settled.put(path, true);
}

} // namespace mpsmtp::store
