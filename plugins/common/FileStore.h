// Delivery into stores that keep one file for each mail (maildir, MH), in two phases: stage()
// writes all files where nobody sees them, persist() makes their data durable, commit() gives them
// their names and makes those durable. With `durability = journal` one record in the store's journal
// does for both (journal/Journal.h), unless the mail is large. What a mailbox looks like and what a mail is called there is
// left to a MailboxLayout; errors become replies in the SDK.
//
// One file for each recipient given, also if two of them lead to one mailbox: that is what the
// client asked for. Without `delivered_to` all files are equal, so one is written for each file
// system and linked into all mailboxes. RFC 5321 4.2.5 (250 is a promise), 6.1.
// Thread safety: FileStore [any], MailboxLayout [any].
#pragma once

#include "common/FolderCache.h"
#include "common/Listings.h"
#include "common/PathTemplate.h"
#include "common/StagedFile.h"
#include "common/StoreOptions.h"
#include "common/journal/Journal.h"

#include <mpsmtp/Handler.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
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

/// The common part of maildir and mh.
class FileStore
{
public:
    /// \param type    the format's name, for its journal
    /// \param layout  outlives this object
    FileStore(const Context& context,
              const StoreOptions& options,
              std::string type,
              MailboxLayout& layout);

    /// For Handler::start(): puts back what a crash has torn, if there is a journal.
    /// \throws std::exception  if that cannot be done; the journal then stays as it is
    void start();

    /// For Handler::stop().
    void stop() noexcept;

    /// For Handler::onRcpt(): 550 5.1.1 if there is no such mailbox and none may be made.
    [[nodiscard]] Verdict judge(const Envelope& envelope, const Recipient& recipient);

    /// For Handler::stage().
    [[nodiscard]] Stage
    stage(const Envelope& envelope, const Recipients& recipients, const Message& message);

    /// The folder below which all mailboxes lie.
    [[nodiscard]] const std::string& base() const noexcept { return _path.base(); }

    [[nodiscard]] Staging& staging() noexcept { return _staging; }

private:
    class StagedFiles;

    using JournalPtr = std::shared_ptr<journal::Journal>;

    [[nodiscard]] JournalPtr openJournal();
    [[nodiscard]] JournalPtr currentJournal();
    [[nodiscard]] JournalPtr tryOpen() noexcept;

    const std::string _type;
    const Storage _storage;
    const Log _log;
    const StoreOptions _options;
    const PathTemplate _path;
    Staging _staging;
    MailboxLayout& _layout;
    std::mutex _mutex; ///< guards what follows; never held during I/O
    JournalPtr _journal;
    bool _isOpening = false; ///< a thread looks for a journal; the others do without meanwhile
    std::chrono::steady_clock::time_point _nextTry; ///< to open one, when there is none
};

} // namespace mpsmtp::store
