#include "mbox/MailboxLock.h"

#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace mpsmtp::mbox
{

namespace
{

using store::throwSystemError;

/// Of the whole file, whatever its length becomes.
struct flock recordLock(short type) noexcept
{
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

std::optional<struct stat> statusOf(const std::string& path) noexcept
{
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0)
        return std::nullopt;
    return status;
}

bool isStale(const struct stat& status) noexcept
{
    const auto made = std::chrono::system_clock::from_time_t(status.st_mtim.tv_sec);
    return std::chrono::system_clock::now() - made > staleLockAge;
}

store::FileDescriptor openNoteOf(const MailboxPaths& paths)
{
    constexpr int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    store::FileDescriptor note(::open(paths.note.c_str(), flags, 0600));
    if (!note.isOpen())
        throwSystemError(errno, "cannot open the mailbox's note", paths.note);
    return note;
}

[[noreturn]] void throwNoDotLock(int error, const MailboxPaths& paths)
{
    throwSystemError(error, "cannot make the dot-lock (dot_lock = no?)", paths.dotLock);
}

bool isSameFile(const struct stat& one, const struct stat& other) noexcept
{
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

} // namespace

std::unique_ptr<MailboxLock> MailboxLock::tryAcquire(const MailboxFile& file,
                                                     const MailboxPaths& paths,
                                                     bool dotLock,
                                                     const Log& log)
{
    auto lock = std::make_unique<MailboxLock>(file, paths);
    if (!lock->takeRecordLock() || !lock->takeFlock())
        return nullptr;
    lock->_note = openNoteOf(paths);
    if (dotLock && !lock->takeDotLock(log))
        return nullptr;
    return lock;
}

bool MailboxLock::isHeldByOthers(const MailboxFile& file, const MailboxPaths& paths, bool dotLock)
{
    struct flock lock = recordLock(F_WRLCK);
    if (::fcntl(file.fd(), F_OFD_GETLK, &lock) != 0)
        throwSystemError(errno, "cannot test the lock of mailbox", paths.mailbox);
    if (lock.l_type != F_UNLCK)
        return true;
    const auto found = dotLock ? statusOf(paths.dotLock) : std::nullopt;
    if (!found || isStale(*found))
        return false;
    const auto note = statusOf(paths.note);
    return !note || !isSameFile(*found, *note);
}

void MailboxLock::requirePossible(const MailboxPaths& paths, bool dotLock)
{
    (void)openNoteOf(paths);
    if (dotLock && ::faccessat(AT_FDCWD, paths.folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
        throwNoDotLock(errno, paths);
}

MailboxLock::MailboxLock(const MailboxFile& file, const MailboxPaths& paths) noexcept
    : _file(file), _paths(paths)
{
}

MailboxLock::~MailboxLock()
{
    if (_dotLocked)
        (void)::unlink(_paths.dotLock.c_str());
    if (_flocked)
        (void)::flock(_file.fd(), LOCK_UN);
    struct flock unlock = recordLock(F_UNLCK);
    if (_recordLocked)
        (void)::fcntl(_file.fd(), F_OFD_SETLK, &unlock);
}

bool MailboxLock::takeRecordLock()
{
    struct flock lock = recordLock(F_WRLCK);
    _recordLocked = ::fcntl(_file.fd(), F_OFD_SETLK, &lock) == 0;
    if (!_recordLocked && errno != EAGAIN && errno != EACCES)
        throwSystemError(errno, "cannot lock mailbox", _paths.mailbox);
    return _recordLocked;
}

bool MailboxLock::takeFlock()
{
    _flocked = ::flock(_file.fd(), LOCK_EX | LOCK_NB) == 0;
    if (!_flocked && errno != EWOULDBLOCK && errno != EINTR)
        throwSystemError(errno, "cannot flock mailbox", _paths.mailbox);
    return _flocked;
}

bool MailboxLock::takeDotLock(const Log& log)
{
    (void)::futimens(_note.get(), nullptr); // other programs judge our lock by its age
    for (int attempt = 0; attempt < 2; ++attempt)
    {
        _dotLocked = ::link(_paths.note.c_str(), _paths.dotLock.c_str()) == 0;
        if (_dotLocked)
            return true;
        if (errno != EEXIST)
            throwNoDotLock(errno, _paths);
        const auto found = statusOf(_paths.dotLock);
        struct stat note = {};
        if (found && ::fstat(_note.get(), &note) == 0 && isSameFile(*found, note))
            return _dotLocked = true; // a killed server's: see above
        if (!found || !isStale(*found))
            continue;
        log.warning("removing the stale dot-lock " + _paths.dotLock);
        (void)::unlink(_paths.dotLock.c_str());
    }
    return false;
}

} // namespace mpsmtp::mbox
