// The three names that belong to one mailbox. A value. Thread safety: [any].
#pragma once

#include <string>

namespace mpsmtp::mbox
{

struct MailboxPaths
{
    /// \param path  of the mailbox, symbolic links at its end resolved
    explicit MailboxPaths(const std::string& path);

    /// True if one of the names is longer than the 255 octets of a file name.
    [[nodiscard]] bool tooLong() const noexcept;

    std::string mailbox;
    std::string folder;
    std::string note; ///< ".NAME.mpsmtp": the intent; no address maps to a name with a leading dot
    std::string dotLock; ///< "NAME.lock": no address maps to such a name either
};

/// The mailbox of a note's file name, or "" if it is not the name of a note.
[[nodiscard]] std::string mailboxOfNote(const std::string& fileName);

} // namespace mpsmtp::mbox
