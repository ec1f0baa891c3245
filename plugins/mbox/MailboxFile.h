// One open mailbox file. Leaves locking to MailboxLock and what is written to LockedMailbox.
#pragma once

#include "common/FileDescriptor.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <sys/types.h>

namespace mpsmtp::mbox
{

/// How to open a mailbox.
struct OpenPolicy
{
    bool create = true;
    mode_t mode = 0600; ///< of a file that is made, whatever the umask says
};

/// Thread safety: [any]; writing needs the lock.
class MailboxFile
{
public:
    /// \return nullptr if there is no such file and none may be made
    /// \throws std::system_error, or mpsmtp::Error if the path leads to something other than a
    /// regular file
    [[nodiscard]] static std::shared_ptr<const MailboxFile> open(const std::string& path,
                                                                 const OpenPolicy& policy);

    MailboxFile(std::string path, store::FileDescriptor fd, const struct stat& status);

    [[nodiscard]] int fd() const noexcept { return _fd.get(); }

    [[nodiscard]] const std::string& path() const noexcept { return _path; }

    [[nodiscard]] dev_t device() const noexcept { return _device; }

    [[nodiscard]] ino_t inode() const noexcept { return _inode; }

    /// False if the path leads elsewhere by now: a mail reader has replaced the file.
    [[nodiscard]] bool isInPlace() const noexcept;

    /// \throws std::system_error
    [[nodiscard]] std::uint64_t size() const;

    /// What makes the end of a file of `size` octets the place for a separator, which readers look
    /// for behind a blank line: "" in a whole mailbox, one or two LF behind what another program or
    /// a power failure has left.
    /// \throws std::system_error
    [[nodiscard]] std::string_view padding(std::uint64_t size) const;

    /// \throws std::system_error
    void truncate(std::uint64_t size) const;

private:
    std::string _path;
    store::FileDescriptor _fd;
    dev_t _device;
    ino_t _inode;
};

/// Follows symbolic links at the end of the path, which are the administrator's: two names of one
/// file must mean one lock and one note.
/// \throws std::system_error if a link leads nowhere
[[nodiscard]] std::string resolveLinks(const std::string& path);

} // namespace mpsmtp::mbox
