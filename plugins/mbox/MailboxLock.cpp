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

/// \param folder  where `name` is, or AT_FDCWD for a path
std::optional<struct stat> statusOf(int folder, const char* name) noexcept
{
    struct stat status = {};
    if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return std::nullopt;
    return status;
}

std::optional<struct stat> statusOf(const std::string& path) noexcept
{
    return statusOf(AT_FDCWD, path.c_str());
}

const char* nameIn(const std::string& path) noexcept
{
    return path.c_str() + (path.rfind('/') + 1); // npos + 1 is 0
}

bool isStale(const struct stat& status) noexcept
{
    const auto made = std::chrono::system_clock::from_time_t(status.st_mtim.tv_sec);
    return std::chrono::system_clock::now() - made > staleLockAge;
}

/// \param folder  that of `paths`
store::FileDescriptor openNoteOf(const MailboxPaths& paths, int folder)
{
    constexpr int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    store::FileDescriptor note(::openat(folder, nameIn(paths.note), flags, 0600));
    if (!note.isOpen())
        throwSystemError(errno, "cannot open the mailbox's note", paths.note);
    return note;
}

store::FileDescriptor openFolderOf(const MailboxPaths& paths)
{
    store::FileDescriptor folder(::open(paths.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder.isOpen())
        throwSystemError(errno, "cannot open the folder", paths.folder);
    return folder;
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
    if (!lock->takeRecordLock() || !lock->takeFlock() || !lock->openFolder())
        return nullptr;
    lock->_note = openNoteOf(paths, lock->_folder.get());
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
    (void)openNoteOf(paths, openFolderOf(paths).get());
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
        removeDotLock();
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

/// \return false if the locked file is not there any more: its folder was moved, or it was replaced
bool MailboxLock::openFolder()
{
    _folder = openFolderOf(_paths);
    struct stat status = {};
    return ::fstatat(_folder.get(), nameIn(_paths.mailbox), &status, 0) == 0 &&
           status.st_dev == _file.device() && status.st_ino == _file.inode();
}

bool MailboxLock::isOurs(const struct stat& dotLock) const noexcept
{
    struct stat note = {};
    return ::fstat(_note.get(), &note) == 0 && isSameFile(dotLock, note);
}

void MailboxLock::removeDotLock() const noexcept
{
    const char* const name = nameIn(_paths.dotLock);
    const auto found = statusOf(_folder.get(), name);
    if (found && isOurs(*found))
        (void)::unlinkat(_folder.get(), name, 0);
}

bool MailboxLock::takeDotLock(const Log& log)
{
    const int folder = _folder.get();
    const char* const name = nameIn(_paths.dotLock);
    (void)::futimens(_note.get(), nullptr); // other programs judge our lock by its age
    for (int attempt = 0; attempt < 2; ++attempt)
    {
        _dotLocked = ::linkat(folder, nameIn(_paths.note), folder, name, 0) == 0;
        if (_dotLocked)
            return true;
        if (errno != EEXIST)
            throwNoDotLock(errno, _paths);
        const auto found = statusOf(folder, name);
        if (found && isOurs(*found))
            return _dotLocked = true; // a killed server's: see above
        if (!found || !isStale(*found))
            continue;
        log.warning("removing the stale dot-lock " + _paths.dotLock);
        (void)::unlinkat(folder, name, 0);
    }
    return false;
}

} // namespace mpsmtp::mbox
