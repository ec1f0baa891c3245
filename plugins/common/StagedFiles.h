// The files of one mail transaction, between stage() and commit() or abort(): written where nobody
// sees them, made durable by one record of the journal or by a sync of each, then given their names.
// What a mail looks like is left to MessageWriter, where it belongs to the MailboxLayout, which
// journal there is to StoreJournal.
// Thread safety: [connection].
#pragma once

#include "common/MailboxLayout.h"
#include "common/MessageWriter.h"
#include "common/PathTemplate.h"
#include "common/StagedFile.h"
#include "common/StoreJournal.h"
#include "common/StoreOptions.h"
#include "common/journal/Journal.h"

#include <mpsmtp/Handler.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::store
{

/// What all transactions of a store share. All is borrowed.
struct StoreParts
{
    const StoreOptions& options;
    const PathTemplate& path;
    const Storage& storage;
    Staging& staging;
    MailboxLayout& layout;
    StoreJournal& journal;
};

class StagedFiles : public Staged
{
public:
    /// \param store  outlives this object, with all that it refers to
    explicit StagedFiles(const StoreParts& store) : _store(store), _writer(store.options) {}

    ~StagedFiles() override = default;

    /// \return the reply if the recipient gets nothing
    [[nodiscard]] Reply
    add(const Envelope& envelope, const Recipient& recipient, const Message& message);

    [[nodiscard]] bool isEmpty() const noexcept { return _letters.empty(); }

    /// A file with a hidden name has lost nothing yet either: it is synced when the journal cannot.
    void persist() override;
    void commit() override;

    /// The files go with this object: nobody has seen them.
    void abort() noexcept override;

private:
    struct Letter
    {
        Mailbox mailbox;
        std::shared_ptr<StagedFile> file;     // several letters may share one
        std::shared_ptr<const Folder> folder; // where it is in sight; not for all of very many
        std::string shown;                    // the path in sight, once it has one
        std::string fields;                   // what this file has in front of the content
        std::string path; // where the journal says that it will be; "": not there
    };

    [[nodiscard]] std::shared_ptr<StagedFile> write(const Mailbox& mailbox,
                                                    const Envelope& envelope,
                                                    const Recipient& recipient,
                                                    const Message& message);
    [[nodiscard]] std::shared_ptr<StagedFile> sharedFile(dev_t device) const;
    [[nodiscard]] std::shared_ptr<StagedFile> makeFile(const Folder& folder,
                                                       const Mailbox& mailbox);
    [[nodiscard]] bool writeToJournal();
    [[nodiscard]] bool namePaths();
    [[nodiscard]] std::optional<journal::Journal::Entry> append(std::uint64_t replaces);
    [[nodiscard]] bool isStillCovered() const noexcept;
    void journalAnew();
    void syncFiles();
    void show(std::size_t begin, std::size_t end);
    [[nodiscard]] std::shared_ptr<const Folder> place(Letter& letter);
    void releaseFolders(std::size_t begin, std::size_t end) noexcept;
    [[nodiscard]] std::string placeOrCopy(Letter& letter, const Folder& folder);
    [[nodiscard]] std::shared_ptr<StagedFile> copyOf(const Letter& letter, const Folder& folder);
    [[nodiscard]] std::string placeAsPromised(const Letter& letter, const Folder& folder);
    void takeBack() noexcept;
    static void removeShown(const Letter& letter) noexcept;

    const StoreParts& _store;
    MessageWriter _writer;
    std::vector<Letter> _letters;
    std::vector<std::shared_ptr<StagedFile>> _files; // each once
    std::shared_ptr<journal::Journal> _journal;      // outlives _entry
    std::optional<journal::Journal::Entry> _entry;   // if the journal has this transaction
    bool _isChanged = false; // a file has another name or inode than it says there
};

} // namespace mpsmtp::store
