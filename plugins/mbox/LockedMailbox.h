// What happens to a mailbox while it is locked: remains of a killed server are removed, and a batch
// of messages goes in whole or not at all.
//
// The order that makes it safe: 1. the note tells what will be appended, 2. the messages are
// written, 3. they are made durable, 4. the note is emptied, 5. the locks are released and the
// senders are told. A server killed before 4 has told nobody, so the next one may take the whole
// batch back; from 4 on there is no note, and nothing is ever taken back. The note itself is never
// made durable: it describes what is in the kernel's memory, which survives a process and not a
// reboot, and is believed only by the same run of the kernel. So none can rise from the disk after
// a power failure and take mail that was acknowledged since.
#pragma once

#include "common/DurableEntries.h"
#include "mbox/Intent.h"
#include "mbox/Letter.h"
#include "mbox/MailboxFile.h"
#include "mbox/MailboxLock.h"
#include "mbox/MailboxPaths.h"
#include "mbox/MailboxSettings.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace mpsmtp::mbox
{

/// Thread safety: [connection].
class LockedMailbox
{
public:
    /// Locks the file, once, without waiting.
    /// \param paths  as are `settings` and `entries`: borrowed, must live as long as the object
    /// \return nullptr if another writer has it
    /// \throws std::system_error
    [[nodiscard]] static std::unique_ptr<LockedMailbox>
    tryLock(std::shared_ptr<const MailboxFile> file,
            const MailboxPaths& paths,
            const MailboxSettings& settings,
            store::DurableEntries& entries);

    LockedMailbox(std::shared_ptr<const MailboxFile> file,
                  std::unique_ptr<MailboxLock> lock,
                  const MailboxPaths& paths,
                  const MailboxSettings& settings,
                  store::DurableEntries& entries);

    [[nodiscard]] const MailboxFile& file() const noexcept { return *_file; }

    /// Takes back what a killed server has appended and told nobody of. If anyone has changed the
    /// file since, it stays.
    /// \throws std::system_error
    void recover();

    /// Recovers; then appends all letters and makes them durable, or leaves the file as it was.
    /// \throws std::system_error
    void append(const std::vector<const Letter*>& letters);

private:
    [[nodiscard]] Intent
    plan(const std::vector<const Letter*>& letters, std::uint64_t size, std::size_t padding) const;
    void writeNote(const Intent& intent) const;
    void clearNote() const;
    void writeLetters(const std::vector<const Letter*>& letters,
                      std::string_view padding,
                      std::uint64_t octets) const;
    void makeDurable() const;
    void takeBack(const Intent& intent) const noexcept;

    std::shared_ptr<const MailboxFile> _file;
    std::unique_ptr<MailboxLock> _lock; // borrows from *_file: goes first
    const MailboxPaths& _paths;
    const MailboxSettings& _settings;
    store::DurableEntries& _entries;
};

} // namespace mpsmtp::mbox
