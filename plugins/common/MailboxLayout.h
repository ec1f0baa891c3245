// What a store format with one file for each mail is to the code that they share: what a mailbox looks
// like on disk, and what a mail in it is called. Writing and durability are left to FileStore.
// Thread safety: [any].
#pragma once

#include "common/Folder.h"
#include "common/Listings.h"
#include "common/StagedFile.h"

#include <mpsmtp/Envelope.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mpsmtp::store
{

/// One mailbox: the folder that the path template gives, and a folder inside it where the format
/// has such.
struct Mailbox
{
    std::string path;
    std::string subfolder; ///< "" for none
};

/// A file that may be a certain mail.
struct Sighting
{
    std::string path;
    bool isOnlyItsOwn = false; ///< no other mail can have that name
};

/// A store format with one file for each mail.
class MailboxLayout
{
public:
    MailboxLayout() = default;
    MailboxLayout(const MailboxLayout&) = delete;
    MailboxLayout& operator=(const MailboxLayout&) = delete;
    virtual ~MailboxLayout() = default;

    /// The mailbox of a recipient whose path is `path`.
    [[nodiscard]] virtual Mailbox mailboxOf(std::string path, const Recipient& recipient) const = 0;

    /// The folder that new mail goes to, made if it is missing and may be made.
    /// \return nullptr if there is no such mailbox
    [[nodiscard]] virtual std::shared_ptr<const Folder> open(const Mailbox& mailbox) = 0;

    /// As open(), and makes what is missing beside that folder: readers and staged files want it. For the first use by a mail.
    [[nodiscard]] virtual std::shared_ptr<const Folder> openWhole(const Mailbox& mailbox)
    {
        return open(mailbox);
    }

    /// Path of the folder where a staged file may have a hidden name.
    [[nodiscard]] virtual std::string hiddenFolder(const Mailbox& mailbox) const = 0;

    /// Gives the file a name that no mail in `folder` has.
    /// \return the name
    /// \throws std::system_error; its code is ENOENT if the folder is gone, EXDEV or EMLINK if only
    ///   a copy can be placed
    [[nodiscard]] virtual std::string place(const StagedFile& file, const Folder& folder) = 0;

    /// A name that no mail in `folder` has at this moment, for a file that will get it later.
    [[nodiscard]] virtual std::string newName(const StagedFile& file, const Folder& folder) = 0;

    /// The mailbox that the folder at `path` belongs to, as open() has made it.
    [[nodiscard]] virtual Mailbox mailboxWith(const std::string& path) const = 0;

    /// Where a mail that was given `name` in `folder` may be now, since readers move and rename
    /// mail; best guess first. `inode` is that of the mail's file.
    [[nodiscard]] virtual std::vector<Sighting> sightings(Listings& listings,
                                                          const Folder& folder,
                                                          const std::string& name,
                                                          std::uint64_t inode) const = 0;
};

} // namespace mpsmtp::store
