// The mailboxes that mail transactions are using at this moment. Transactions that meet in a
// mailbox share one object and so one batch; when the last of them is over, the object and its
// descriptor go: memory is bounded by the sessions.
#pragma once

#include "common/FolderCache.h"
#include "mbox/Mailbox.h"
#include "mbox/MailboxSettings.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace mpsmtp::mbox
{

/// Thread safety: [any]. Must live longer than the mailboxes that it gives out.
class Mailboxes
{
public:
    /// \param base  the store's own folder (FolderCache)
    Mailboxes(const MailboxSettings& settings, const std::string& base);

    /// The mailbox at `path`, ready to be appended to: its file is open, and made with its folders
    /// if need be.
    /// \return nullptr if it is missing and may not be made
    /// \throws std::system_error, mpsmtp::Error
    [[nodiscard]] std::shared_ptr<Mailbox> open(const std::string& path);

    /// Mailboxes in use.
    [[nodiscard]] std::size_t size();

private:
    [[nodiscard]] std::shared_ptr<Mailbox> find(const std::string& path);
    [[nodiscard]] std::shared_ptr<Mailbox> share(const std::string& path);
    void drop(Mailbox* mailbox) noexcept;

    const MailboxSettings& _settings;
    store::FolderCache _folders;
    std::mutex _mutex; ///< guards _inUse
    std::unordered_map<std::string, std::weak_ptr<Mailbox>> _inUse;
};

} // namespace mpsmtp::mbox
