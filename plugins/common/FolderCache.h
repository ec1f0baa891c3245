// Folders of mailboxes: made when missing, made durable, kept open, and checked at each use, since
// people move and remove mailboxes while the server runs.
//
// Plain open(2) without O_NOFOLLOW is right here: symbolic links below the base are the
// administrator's (mailboxes on several disks), and no address can make one: addresses only become
// names of folders (PathTemplate).
// Thread safety: FolderCache [any], Folder [any] (immutable).
#pragma once

#include "common/FileDescriptor.h"
#include "common/FileIdentity.h"
#include "common/LruMap.h"

#include <mpsmtp/Context.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include <sys/stat.h>
#include <sys/types.h>

namespace mpsmtp::store
{

/// An open folder.
class Folder
{
public:
    /// \throws std::system_error
    Folder(std::string path, FileDescriptor fd);

    [[nodiscard]] int fd() const noexcept { return _fd.get(); }

    [[nodiscard]] const std::string& path() const noexcept { return _path; }

    [[nodiscard]] dev_t device() const noexcept { return _device; }

    [[nodiscard]] ino_t inode() const noexcept { return _inode; }

    /// True if its path still leads to this folder: it was not removed, renamed or replaced. One
    /// stat(2).
    [[nodiscard]] bool isInPlace() const noexcept;

    /// Makes its entries durable.
    /// \throws std::system_error with the path
    void sync(const Storage& storage) const;

private:
    std::string _path;
    FileDescriptor _fd;
    dev_t _device = 0;
    ino_t _inode = 0;
};

/// Mode of a folder whose files have `fileMode`: who may read may search too; the owner may do all
/// (0640 → 0750).
[[nodiscard]] constexpr mode_t folderMode(mode_t fileMode) noexcept
{
    return (fileMode & 0666u) | ((fileMode & 0444u) >> 2) | 0700u;
}

/// What a FolderCache may do.
struct FolderPolicy
{
    bool create = true;         ///< make what is missing
    mode_t mode = 0700;         ///< of folders that it makes, whatever the umask says
    std::size_t capacity = 256; ///< folders kept open
};

/// Opens folders below one base folder.
class FolderCache
{
public:
    /// \param base  the store's own folder
    FolderCache(const Storage& storage, std::string base, FolderPolicy policy);

    /// The folder at `path`, made with its parents if need be. Its entry and those of its parents,
    /// up to where the file system is mounted, are durable on return: also what somebody else has
    /// made, or an earlier run that died too early to know.
    /// \return nullptr if it is missing and may not be made
    /// \throws std::system_error, also if something other than a folder is in the way
    [[nodiscard]] std::shared_ptr<const Folder> open(const std::string& path);

    /// The folder at `path` if it is open already and still in place, else nullptr.
    [[nodiscard]] std::shared_ptr<const Folder> find(const std::string& path);

    /// As open(), but does not keep the folder open: for stores that use it by path.
    /// \return false if it is missing and may not be made
    [[nodiscard]] bool ensure(const std::string& path);

    /// The entry of the file at `path`, which exists, and those of its folders are durable on return. Costs
    /// one statx(2) if it is the file for which that is known.
    /// \throws std::system_error
    void settleFile(const std::string& path);

    /// Nothing is known of `path` any more: its next use looks at the disk, and makes it durable.
    void forget(const std::string& path);

    [[nodiscard]] const FolderPolicy& policy() const noexcept { return _policy; }

private:
    using Identity = std::optional<FileIdentity>;

    [[nodiscard]] FileDescriptor openOrMake(const std::string& path);
    void make(const std::string& path);
    [[nodiscard]] int makeOne(const std::string& path) const;
    void settle(const std::string& path, const Identity& identity);
    void syncWayTo(const std::string& path, bool isFolder);
    void syncAbove(const std::string& path);
    [[nodiscard]] bool syncFileSystemOf(const std::string& path);
    [[nodiscard]] bool isBelowBase(const std::string& path) const;
    [[nodiscard]] bool isSettled(const std::string& path, const FileIdentity& identity);
    [[nodiscard]] std::uint64_t beginSettling(const std::string& path);
    void endSettling(const std::string& path, std::uint64_t number, const FileIdentity& identity);

    class Making;

    /// Of whom the entry is known to be durable, or, for now, who is about to find that out.
    struct Settling
    {
        std::uint64_t number = 0; ///< 0: settled
        FileIdentity identity{};  ///< of what is settled
    };

    const Storage _storage;
    const std::string _base;
    const FolderPolicy _policy;
    std::mutex _mutex; // guards what follows; never held during I/O
    LruMap<std::shared_ptr<const Folder>> _open;
    LruMap<Settling> _settlings;
    std::uint64_t _lastSettling = 0;
    std::multiset<std::string> _inTheMaking; // once for each maker
};

/// "/a/b" of "/a/b/c", "/" of "/a", "." of "a".
[[nodiscard]] std::string parentOf(const std::string& path);

} // namespace mpsmtp::store
