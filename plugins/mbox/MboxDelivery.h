// One mail transaction's part in the mbox handler, between stage() and commit(). Thread safety:
// [connection].
#pragma once

#include "mbox/Letter.h"
#include "mbox/Mailbox.h"

#include <mpsmtp/Handler.h>

#include <memory>
#include <vector>

namespace mpsmtp::mbox
{

/// Letters by mailbox. It appends to one mailbox after the other and never holds a lock while it
/// waits for another, so the order of recipients, and of handlers that share a file, cannot lead to
/// a deadlock.
class MboxDelivery final : public Staged
{
public:
    void add(std::shared_ptr<Mailbox> mailbox, Letter letter);

    [[nodiscard]] bool isEmpty() const noexcept { return _posts.empty(); }

    /// \throws as Mailbox::reserve()
    void persist() override;

    /// \throws as Mailbox::append(); mailboxes that had been appended to before keep the mail
    void commit() override;

    /// Nothing was written.
    void abort() noexcept override { _posts.clear(); }

private:
    /// What one mailbox gets.
    struct Post
    {
        std::shared_ptr<Mailbox> mailbox;
        std::vector<Letter> letters;
        Reservation reservation; // borrows from *mailbox: goes first
    };

    std::vector<Post> _posts;
};

} // namespace mpsmtp::mbox
