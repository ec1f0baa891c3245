#include "common/FolderCache.h"

#include <cerrno>
#include <utility>

#include <sys/stat.h>

namespace mpsmtp::store
{

FolderCache::FolderCache(const Storage& storage, std::string base, FolderPolicy policy)
    : _policy(policy), _entries(storage, std::move(base)), _open(policy.capacity)
{
}

std::shared_ptr<const Folder> FolderCache::open(const std::string& path)
{
    if (auto folder = find(path))
        return folder;
    FileDescriptor fd = openOrMake(path);
    if (!fd.isOpen())
        return nullptr;
    _entries.settle(path, FileIdentity::of(fd.get()));
    auto folder = std::make_shared<const Folder>(path, std::move(fd));
    const std::lock_guard<std::mutex> lock(_mutex);
    return _open.put(path, {std::move(folder)}).folder;
}

std::shared_ptr<const Folder> FolderCache::find(const std::string& path)
{
    std::shared_ptr<const Folder> folder;
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        if (const Kept* kept = _open.find(path); kept && !kept->wasGone)
            folder = kept->folder;
    }
    if (!folder || folder->isInPlace())
        return folder;
    _entries.forgetWayTo(path);
    const std::lock_guard<std::mutex> lock(_mutex);
    if (Kept* kept = _open.find(path); kept && kept->folder == folder)
        kept->wasGone = true;
    return nullptr;
}

bool FolderCache::ensure(const std::string& path)
{
    auto identity = FileIdentity::of(path);
    if (!identity || !identity->isFolder)
    {
        const FileDescriptor fd = openOrMake(path);
        if (!fd.isOpen())
            return false;
        identity = FileIdentity::of(fd.get());
    }
    _entries.settle(path, identity);
    return true;
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
        {
            _entries.forgetWayTo(path); // it may come back as it was
            return {};
        }
        make(path);
    }
    throwSystemError(ENOENT, "cannot keep the folder", path);
}

/// Makes a folder, with its parents if they are missing. Losing the race against another maker is
/// fine, and so is somebody who removes what is made: openOrMake() takes another turn. Its entry is not
/// durable on return: _entries.settle() sees to that, for the maker as for the others.
void FolderCache::make(const std::string& path)
{
    const DurableEntries::Making making(_entries, path);
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

} // namespace mpsmtp::store
