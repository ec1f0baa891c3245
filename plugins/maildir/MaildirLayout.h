// Maildir (cr.yp.to/proto/maildir.html) and its folders (Maildir++): which folders a mailbox has
// and what a new mail is called. Writing and durability are FileStore's.
// Thread safety: [any].
#pragma once

#include "common/MailboxLayout.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace mpsmtp::maildir
{

/// Mailboxes with tmp/, new/ and cur/.
class MaildirLayout : public store::MailboxLayout
{
public:
    struct Options
    {
        bool detailFolders = false; ///< ben+lists@d goes to the folder .lists of ben's mailbox
        std::string hostName;       ///< as in file names
    };

    MaildirLayout(store::FolderCache& folders, store::Staging& staging, Options options);

    [[nodiscard]] store::Mailbox mailboxOf(std::string path,
                                           const Recipient& recipient) const override;
    [[nodiscard]] std::shared_ptr<const store::Folder> open(const store::Mailbox& mailbox) override;
    [[nodiscard]] std::shared_ptr<const store::Folder>
    openWhole(const store::Mailbox& mailbox) override;
    [[nodiscard]] std::string hiddenFolder(const store::Mailbox& mailbox) const override;
    [[nodiscard]] std::string place(const store::StagedFile& file,
                                    const store::Folder& folder) override;
    [[nodiscard]] std::string newName(const store::StagedFile& file,
                                      const store::Folder& folder) override;
    [[nodiscard]] store::Mailbox mailboxWith(const std::string& path) const override;
    [[nodiscard]] std::vector<store::Sighting> sightings(store::Listings& listings,
                                                         const store::Folder& folder,
                                                         const std::string& name,
                                                         std::uint64_t inode) const override;

private:
    [[nodiscard]] bool makeRest(const store::Mailbox& mailbox);
    [[nodiscard]] std::string uniqueName(const store::StagedFile& file);

    store::FolderCache& _folders;
    store::Staging& _staging;
    const Options _options;
    std::atomic<std::uint64_t> _counter{0};
};

/// `host` as the last part of a maildir file name: '/' and ':' in the specification's form ("\057",
/// "\072"), and ',' alike, since readers look for ",S=" behind the first one.
[[nodiscard]] std::string hostForFileName(const std::string& host);

} // namespace mpsmtp::maildir
