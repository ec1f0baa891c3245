// Folders of mailboxes: made when missing, made durable, kept open, and checked at each use, since
// people move and remove mailboxes while the server runs.
//
// Plain open(2) without O_NOFOLLOW is right here: symbolic links below the base are the
// administrator's (mailboxes on several disks), and no address can make one: addresses only become
// names of folders (PathTemplate).
// Thread safety: [any].
#pragma once

#include "common/DurableEntries.h"
#include "common/Folder.h"
#include "common/LruMap.h"

#include <mpsmtp/Context.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include <sys/types.h>

namespace mpsmtp::store
{

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

    /// For files that a store makes in its folders.
    [[nodiscard]] DurableEntries& entries() noexcept { return _entries; }

    [[nodiscard]] const FolderPolicy& policy() const noexcept { return _policy; }

private:
    [[nodiscard]] FileDescriptor openOrMake(const std::string& path);
    void make(const std::string& path);
    [[nodiscard]] int makeOne(const std::string& path) const;

    /// A folder that was not in place once stays open until another one is: its inode shall not be given to the new one, which
    /// would be taken for it (MessageNumbers). It is not used any more, also if it comes back.
    struct Kept
    {
        std::shared_ptr<const Folder> folder;
        bool wasGone = false;
    };

    const FolderPolicy _policy;
    DurableEntries _entries;
    std::mutex _mutex; // guards what follows; never held during I/O
    LruMap<Kept> _open;
};

} // namespace mpsmtp::store
