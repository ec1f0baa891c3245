// Delivery into stores that keep one file for each mail (maildir, MH), in two phases: stage()
// writes all files where nobody sees them, persist() makes their data durable, commit() gives them
// their names and makes those durable. With `durability = journal` one record in the store's journal
// does for both (journal/Journal.h), unless the mail is large. What a mailbox looks like and what a
// mail is called there is left to a MailboxLayout, the files of a transaction to StagedFiles, the
// journal to StoreJournal; errors become replies in the SDK.
//
// One file for each recipient given, also if two of them lead to one mailbox: that is what the
// client asked for. Without `delivered_to` all files are equal, so one is written for each file
// system and linked into all mailboxes. RFC 5321 4.2.5 (250 is a promise), 6.1.
// Thread safety: [any].
#pragma once

#include "common/MailboxLayout.h"
#include "common/PathTemplate.h"
#include "common/StagedFile.h"
#include "common/StagedFiles.h"
#include "common/StoreJournal.h"
#include "common/StoreOptions.h"

#include <mpsmtp/Handler.h>

#include <string>

namespace mpsmtp::store
{

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
    FileStore(const FileStore&) = delete;
    FileStore& operator=(const FileStore&) = delete;

    /// For Handler::start(): puts back what a crash has torn, if there is a journal.
    /// \throws std::exception  if that cannot be done; the journal then stays as it is
    void start() { _journal.start(); }

    /// For Handler::stop().
    void stop() noexcept { _journal.stop(); }

    /// For Handler::onRcpt(): 550 5.1.1 if there is no such mailbox and none may be made.
    [[nodiscard]] Verdict judge(const Envelope& envelope, const Recipient& recipient);

    /// For Handler::stage().
    [[nodiscard]] Stage
    stage(const Envelope& envelope, const Recipients& recipients, const Message& message);

    /// The folder below which all mailboxes lie.
    [[nodiscard]] const std::string& base() const noexcept { return _path.base(); }

    [[nodiscard]] Staging& staging() noexcept { return _staging; }

private:
    const Storage _storage;
    const StoreOptions _options;
    const PathTemplate _path;
    Staging _staging;
    MailboxLayout& _layout;
    StoreJournal _journal;
    const StoreParts _parts; ///< of what is above
};

} // namespace mpsmtp::store
