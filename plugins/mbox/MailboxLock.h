// Keeps every other writer out of a mailbox: our own process and others. Readers and delivery
// agents do not agree on one kind of lock, so all three are taken, or none: an fcntl record lock of
// the open file description (F_OFD_SETLK: unlike a plain fcntl lock it excludes threads too, and
// does not vanish when any descriptor of the file is closed), flock(2), and a dot-lock,
// "NAME.lock".
//
// The dot-lock is a hard link to the mailbox's note (LockedMailbox). So one that a killed server
// left behind is known for ours by its inode, and since its maker held the record lock that we now
// hold, nobody holds it any more: no waiting for old age, no process number that another process
// has by now. A foreign one is stale after five minutes, as in liblockfile.
//
// Note and dot-lock belong to the folder where the locked file was: somebody may move it meanwhile, and
// what has their names in another one made in its place is not ours.
//
// Waiting is the caller's. Thread safety: [connection].
#pragma once

#include "common/FileDescriptor.h"
#include "mbox/MailboxFile.h"
#include "mbox/MailboxPaths.h"

#include <mpsmtp/Context.h>

#include <chrono>
#include <memory>

#include <sys/stat.h>

namespace mpsmtp::mbox
{

/// Age from which a foreign dot-lock is taken for forgotten.
inline constexpr std::chrono::minutes staleLockAge{5};

/// All locks of one mailbox; they go with the object.
class MailboxLock
{
public:
    /// \param file     as are `paths`: borrowed, must live as long as the lock
    /// \param dotLock  whether to take that one too
    /// \return nullptr if another writer has one of them
    /// \throws std::system_error
    [[nodiscard]] static std::unique_ptr<MailboxLock>
    tryAcquire(const MailboxFile& file, const MailboxPaths& paths, bool dotLock, const Log& log);

    /// Whether another program holds a lock at this moment. Takes none, so it never disturbs
    /// anyone; an flock cannot be seen in this way.
    [[nodiscard]] static bool
    isHeldByOthers(const MailboxFile& file, const MailboxPaths& paths, bool dotLock);

    /// Finds out, without a lock, what would make tryAcquire() fail whoever holds what: a note that
    /// cannot be opened, a folder where no dot-lock can be made.
    /// \throws std::system_error
    static void requirePossible(const MailboxPaths& paths, bool dotLock);

    MailboxLock(const MailboxFile& file, const MailboxPaths& paths) noexcept;
    MailboxLock(const MailboxLock&) = delete;
    MailboxLock& operator=(const MailboxLock&) = delete;
    ~MailboxLock();

    /// The note, open for reading and writing, and this process's own as long as the lock.
    [[nodiscard]] int noteFd() const noexcept { return _note.get(); }

private:
    [[nodiscard]] bool takeRecordLock();
    [[nodiscard]] bool takeFlock();
    [[nodiscard]] bool openFolder();
    [[nodiscard]] bool takeDotLock(const Log& log);
    [[nodiscard]] bool isOurs(const struct stat& dotLock) const noexcept;
    void removeDotLock() const noexcept;

    const MailboxFile& _file;
    const MailboxPaths& _paths;
    store::FileDescriptor _folder; // of the file, where the next two have their names
    store::FileDescriptor _note;
    bool _recordLocked = false;
    bool _flocked = false;
    bool _dotLocked = false;
};

} // namespace mpsmtp::mbox
