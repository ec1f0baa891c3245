// Where the bare server puts its mail: each message by itself, as everybody does it.
#pragma once

#include "bench/bare/FileWay.h"

#include <atomic>
#include <memory>
#include <string>

namespace mpsmtp::bench
{

/// Thread safety: [any].
class Mailboxes
{
public:
    Mailboxes() = default;
    Mailboxes(const Mailboxes&) = delete;
    Mailboxes& operator=(const Mailboxes&) = delete;
    virtual ~Mailboxes() = default;

    /// Stores a message for one recipient; it is durable when this returns. \throws std::system_error
    virtual void store(std::size_t box, std::string_view content) = 0;
};

/// \param way  maildir: tmp + fsync + rename + fsync(folder), in folder/boxN/new; mbox: lock + append + fdatasync, in
///             folder/boxN.mbox, mboxrd; discard: nothing
/// \throws UsageMistake for any other; std::system_error
[[nodiscard]] std::unique_ptr<Mailboxes>
makeMailboxes(const std::string& way, const std::string& folder, std::size_t boxes);

/// An mboxrd entry of a message: separator, quoted content, blank line.
[[nodiscard]] std::string mboxEntry(std::string_view content);

} // namespace mpsmtp::bench
