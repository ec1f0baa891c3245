// Puts back the mail that a record of the journal names, after a power failure: what is there and
// whole stays, what is torn is replaced, what is missing is put in place again. Running it twice
// does no more than once.
// Thread safety: [main].
#pragma once

#include "common/MailboxLayout.h"
#include "common/journal/Format.h"

#include <cstdint>
#include <string>
#include <unordered_set>

namespace mpsmtp::store
{

class FileRestorer
{
public:
    /// All are borrowed.
    FileRestorer(const std::string& home,
                 const Storage& storage,
                 const Log& log,
                 Staging& staging,
                 MailboxLayout& layout) noexcept;

    /// \param isDistrusted  write anew what looks right, too
    /// \throws std::system_error, std::runtime_error: nothing is lost, but the record is still needed
    void restore(const journal::FilesRecord& record, bool isDistrusted);

private:
    void restore(const std::string& path,
                 const std::string& name,
                 std::uint64_t inode,
                 const std::string& content);
    [[nodiscard]] bool keep(const Sighting& sighting, const std::string& content);
    [[nodiscard]] bool replaceTorn(const Sighting& sighting,
                                   const Folder& folder,
                                   const Mailbox& mailbox,
                                   const std::string& content);
    void replace(const std::string& path,
                 const Folder& folder,
                 const Mailbox& mailbox,
                 const std::string& content);
    void put(const Folder& folder,
             const Mailbox& mailbox,
             const std::string& name,
             const std::string& content);

    const std::string& _home;
    const Storage& _storage;
    const Log& _log;
    Staging& _staging;
    MailboxLayout& _layout;
    Listings _listings;
    std::unordered_set<std::string> _claimed; // paths of files that are some record's mail
    bool _isDistrusted = false;
};

} // namespace mpsmtp::store
