// One mailbox as the mail transactions in flight share it: they append in batches, with one lock,
// one write and one fdatasync for all that wait at that moment. What happens under the lock is
// LockedMailbox's.
//
// Appending is the commit of the two-phase delivery, and not its persist(): an append is visible at
// once, and mail in a mailbox that is taken back when another handler fails would have been seen;
// nor could the locks be kept until every transaction of the batch has decided, since these wait
// for other mailboxes (a deadlock) and other handlers (a mailbox locked for as long as the
// slowest). persist() finds out instead what would make the commit fail: a mailbox that someone
// else holds locked or that cannot be locked at all, a full disk, a limit on the file's size. What is left is a failure that begins
// between the two: then the commit fails, the mailbox is as before, and the sender tries again.
#pragma once

#include "common/Wakeup.h"
#include "mbox/Letter.h"
#include "mbox/LockedMailbox.h"
#include "mbox/MailboxFile.h"
#include "mbox/MailboxPaths.h"
#include "mbox/MailboxSettings.h"

#include <mpsmtp/Reply.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace mpsmtp::mbox
{

/// Thread safety: [any].
class Mailbox
{
public:
    /// \param settings  as are `entries`: borrowed, must live as long as the mailbox
    Mailbox(const std::string& path,
            const MailboxSettings& settings,
            store::DurableEntries& entries);

    [[nodiscard]] const MailboxPaths& paths() const noexcept { return _paths; }

    /// Opens the file, or makes it in its folder, which exists.
    /// \return false if it is missing and may not be made
    /// \throws std::system_error, mpsmtp::Error
    [[nodiscard]] bool prepare();

    /// Claims space for that much mail and waits, as long as the lock's time-out, while another
    /// program has the mailbox locked.
    /// \throws mpsmtp::Error (451 4.2.0, 452 4.2.2, 452 4.3.1), std::system_error; nothing is then
    /// claimed
    void reserve(std::uint64_t octets);

    /// Ends a claim.
    void release(std::uint64_t octets) noexcept { _reserved -= octets; }

    /// Returns when the letters are in the file, in this order, and durable.
    /// \throws mpsmtp::Error; none of the letters is then in the file. The reason has been logged
    void append(const std::vector<Letter>& letters);

    /// Takes back what a killed server has left, if nobody has the mailbox locked.
    /// \throws std::system_error
    void recover();

private:
    enum class Outcome
    {
        Waiting,
        Stored,
        Locked,
        SystemFull,
        MailboxFull,
        Failed
    };

    /// Letters that wait for their batch, and the thread that waits for them.
    struct Ticket
    {
        explicit Ticket(const std::vector<Letter>& ofLetters) : letters(&ofLetters) {}

        const std::vector<Letter>* letters;
        store::Wakeup wake;
        Outcome outcome = Outcome::Waiting; ///< still so when it is woken: its thread leads
    };

    using Batch = std::vector<Ticket*>;

    [[nodiscard]] std::shared_ptr<const MailboxFile> file();
    void forget(const std::shared_ptr<const MailboxFile>& file);
    void waitUntilUnlocked();
    void requireSpace();
    [[nodiscard]] bool enqueue(Ticket& ticket);
    void lead(const Ticket& own) noexcept;
    [[nodiscard]] Ticket* nextLeader() noexcept;
    [[nodiscard]] static Outcome outcomeOf(const std::error_code& error) noexcept;
    [[nodiscard]] static Reply replyTo(Outcome outcome);
    [[nodiscard]] Outcome deliver(Batch& batch) noexcept;
    [[nodiscard]] Outcome deliverOrThrow(Batch& batch);
    [[nodiscard]] std::unique_ptr<LockedMailbox> lockFile();
    [[nodiscard]] Batch takeBatch() noexcept;

    const MailboxPaths _paths;
    const MailboxSettings& _settings;
    store::DurableEntries& _entries;
    std::atomic<std::uint64_t> _reserved{0};
    std::mutex _mutex;                        ///< guards what follows; never held during I/O
    std::shared_ptr<const MailboxFile> _file; ///< null: not open
    Batch _waiting;                           ///< tickets of the next batch
    bool _busy = false;                       ///< a thread leads a batch, or has been told to
};

/// A claim on a mailbox's space. Thread safety: [connection].
class Reservation
{
public:
    Reservation() = default;

    /// \param mailbox  borrowed, must live as long as the claim
    /// \throws as Mailbox::reserve()
    Reservation(Mailbox& mailbox, std::uint64_t octets) : _mailbox(&mailbox), _octets(octets)
    {
        mailbox.reserve(octets);
    }

    Reservation(Reservation&& other) noexcept
        : _mailbox(std::exchange(other._mailbox, nullptr)), _octets(other._octets)
    {
    }

    Reservation& operator=(Reservation&& other) noexcept
    {
        std::swap(_mailbox, other._mailbox);
        std::swap(_octets, other._octets);
        return *this;
    }

    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    ~Reservation()
    {
        if (_mailbox != nullptr)
            _mailbox->release(_octets);
    }

private:
    Mailbox* _mailbox = nullptr;
    std::uint64_t _octets = 0;
};

} // namespace mpsmtp::mbox
