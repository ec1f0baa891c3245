// MH folders, as nmh and Python's `mailbox.MH` read them: a mail is a file whose name is its
// number. Writing and durability are FileStore's.
// Thread safety: [any].
#pragma once

#include "common/MailboxLayout.h"
#include "mh/MessageNumbers.h"

#include <memory>
#include <string>

namespace mpsmtp::mh
{

/// Folders of numbered files.
class MhLayout : public store::MailboxLayout
{
public:
    /// \param fileMode  of .mh_sequences
    MhLayout(store::FolderCache& folders, const store::Staging& staging, mode_t fileMode)
        : _folders(folders), _fileMode(fileMode), _numbers(staging)
    {
    }

    [[nodiscard]] store::Mailbox mailboxOf(std::string path,
                                           const Recipient& recipient) const override;
    [[nodiscard]] std::shared_ptr<const store::Folder> open(const store::Mailbox& mailbox) override;
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
    store::FolderCache& _folders;
    const mode_t _fileMode;
    MessageNumbers _numbers;
};

} // namespace mpsmtp::mh
