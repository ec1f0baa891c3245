// Which files and folders of a store have entries that are known to be durable; the others are made so.
//
// What exists may have been made by a run that was killed before its fsync, by another store with this base,
// or by another thread that is still in front of it. So each entry on the way to a mailbox is synced once by
// each DurableEntries, and not by its maker only; once more if something else is in its place.
// What leads over a link below the base is the administrator's, as is what he moves away and back unseen.
// Thread safety: DurableEntries [any], Making [connection].
#pragma once

#include "common/FileIdentity.h"
#include "common/LruMap.h"

#include <mpsmtp/Context.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace mpsmtp::store
{

class DurableEntries
{
public:
    using Identity = std::optional<FileIdentity>;

    class Making;

    /// \param base  the store's own folder
    DurableEntries(const Storage& storage, std::string base);

    /// The entry of what is at `path`, a folder or a file, and those of its parents up to where the file system is mounted, are
    /// durable on return. One statx(2) if that is known.
    /// \throws std::system_error
    void settle(const std::string& path) { settle(path, FileIdentity::of(path)); }

    /// As above, without that system call.
    /// \param identity  of what was at `path` before the call; none: it is synced, and not remembered
    void settle(const std::string& path, const Identity& identity);

    /// Nothing is known of `path` any more.
    void forget(const std::string& path);

    /// Nor of any folder from the base to it. For what was seen missing, and may come back as it was: any of them may have
    /// been moved, and whether the way back is durable nobody knows.
    void forgetWayTo(const std::string& path);

private:
    void syncWayTo(const std::string& path, bool isFolder);
    void syncAbove(const std::string& path);
    [[nodiscard]] bool syncFileSystemOf(const std::string& path);
    [[nodiscard]] bool isBelowBase(const std::string& path) const;
    [[nodiscard]] bool isSettled(const std::string& path, const FileIdentity& identity);
    [[nodiscard]] std::uint64_t beginSettling(const std::string& path);
    void endSettling(const std::string& path, std::uint64_t number, const FileIdentity& identity);

    /// Of whom the entry is known to be durable, or, for now, who is about to find that out.
    struct Settling
    {
        std::uint64_t number = 0; ///< 0: settled
        FileIdentity identity{};  ///< of what is settled
    };

    const Storage _storage;
    const std::string _base;
    std::mutex _mutex; // guards what follows; never held during I/O
    LruMap<Settling> _settlings;
    std::uint64_t _lastSettling = 0;
    std::multiset<std::string> _inTheMaking; // once for each maker
};

/// From mkdir(2) on others may see a folder whose entry is not durable yet, where there may have been a
/// settled one before. While this lives, and from its end on, nobody takes it for that one.
class DurableEntries::Making
{
public:
    /// Borrows `entries`.
    Making(DurableEntries& entries, std::string path);
    ~Making();
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;

private:
    DurableEntries& _entries;
    const std::string _path;
};

} // namespace mpsmtp::store
