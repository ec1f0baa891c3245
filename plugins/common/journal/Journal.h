// The journal of a store with one file for each mail: what makes a 250 true without a sync of each
// file and folder, as databases do it.
//
// A transaction's files are written where they will live, but not synced; what is in them and where
// they belong goes into the journal, whose one fdatasync is shared by all transactions that wait at
// that moment (group commit); then the files get their names, and the sender its 250. The kernel
// writes the files when it likes. When a segment of the journal is full, or some seconds old, a
// checkpoint makes all of the file system durable (syncfs), and the segment is free again.
//
// A killed process loses nothing, since the kernel has the files: the next start makes the file
// system durable and begins anew. After a power failure (another boot id) the next start goes
// through the records and puts back what is missing or torn: Recovery.h. What that promises, and
// the one case in which a mail comes twice: docs/reliability.md.
//
// The journal is never the reason for which a mail fails: what it cannot take, its store syncs
// itself.
//
// Here is who leads a batch, and who shares the journal. Its octets are left to Batch, the segments'
// states to SegmentPair, the thread that frees them to Checkpoints.
// Thread safety: Journal [any], Entry [connection].
#pragma once

#include "common/journal/Batch.h"
#include "common/journal/Checkpoints.h"
#include "common/journal/Recovery.h"
#include "common/journal/SegmentPair.h"
#include "common/journal/Users.h"

#include <mpsmtp/Context.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpsmtp::store::journal
{

struct Settings
{
    Storage storage;
    Log log;
    std::string bootId;                                    ///< of the running kernel
    std::uint64_t segmentOctets = std::uint64_t{32} << 20; ///< of each of the two files
    std::chrono::milliseconds checkpointAfter = std::chrono::seconds(5); ///< a record's age
    std::chrono::milliseconds patience = std::chrono::seconds(1); ///< with a checkpoint that is due
};

class Journal
{
public:
    /// Keeps the segment that holds a transaction's record until the files are in place.
    class Entry
    {
    public:
        Entry(Journal& journal, std::size_t segment, std::uint64_t id) noexcept
            : _journal(&journal), _segment(segment), _id(id)
        {
        }

        Entry(Entry&& other) noexcept
            : _journal(std::exchange(other._journal, nullptr)),
              _segment(other._segment),
              _id(other._id)
        {
        }

        Entry& operator=(Entry&& other) noexcept
        {
            std::swap(_journal, other._journal);
            std::swap(_segment, other._segment);
            std::swap(_id, other._id);
            return *this;
        }

        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

        ~Entry()
        {
            if (_journal != nullptr)
                _journal->release(_segment);
        }

        /// For FilesRecord::replaces.
        [[nodiscard]] std::uint64_t id() const noexcept { return _id; }

        /// The files will not be in place: the record no longer counts. Not durable by itself, but
        /// with the next record.
        void cancel() noexcept { _journal->cancel(_id); }

    private:
        Journal* _journal;
        std::size_t _segment;
        std::uint64_t _id;
    };

    /// The journal of the store in folder `base`, which exists: that of this process, or the one on
    /// disk, which is then recovered from first. The handler that `settings` are from must live as
    /// long as the pointer and its copies.
    /// \param name     of its files: `base`/.mpsmtp.`name`-journal.0 and .1
    /// \param restore  puts back what a record names
    /// \return nullptr if another process has it
    /// \throws std::system_error, what `restore` throws
    [[nodiscard]] static std::shared_ptr<Journal> open(const std::string& base,
                                                       const std::string& name,
                                                       const Settings& settings,
                                                       const Restore& restore);

    /// True if a crash has left records, or may have: there are files of a journal.
    [[nodiscard]] static bool exists(const std::string& base, const std::string& name);

    Journal(const std::string& prefix, const Settings& settings);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Ends with a checkpoint.
    ~Journal() = default;

    /// Blocks until the record is durable.
    /// \param payload  what encode() gave
    /// \return none if the journal cannot take it: too large, no space, no segment free in time, a
    ///   disk that fails (in the log). Nothing is then durable
    [[nodiscard]] std::optional<Entry> append(std::string_view payload);

    /// True when a write or a checkpoint has failed, or its files were found removed: it will take
    /// nothing more. What it has taken is safe.
    [[nodiscard]] bool isRefusing() const noexcept { return _segments.isRefusing(); }

    /// False if isRefusing(), or its files have been removed: open another one.
    [[nodiscard]] bool isUsable() const;

    /// The device that it lies on: files elsewhere it cannot take.
    [[nodiscard]] dev_t device() const noexcept { return _device; }

private:
    struct Membership;
    using Lock = SegmentPair::Lock;
    using Outcome = Ticket::Outcome;
    using Use = SegmentPair::Use;

    [[nodiscard]] static std::shared_ptr<Journal> openOnDisk(const std::string& base,
                                                             const std::string& prefix,
                                                             const Settings& settings,
                                                             const Restore& restore);
    static void leave(std::shared_ptr<Journal> journal, Users::Place user) noexcept;
    [[nodiscard]] bool start(const Settings& settings, const Restore& restore);
    void release(std::size_t segment) noexcept;
    void cancel(std::uint64_t id) noexcept;
    static void await(Ticket& ticket, Lock& lock);
    void lead(const Ticket& own, Lock& lock) noexcept;
    [[nodiscard]] Outcome write(Batch& batch, Lock& lock);
    void report(const char* what, const char* consequence) noexcept;
    [[nodiscard]] bool store(Segment& segment, Batch& batch, std::vector<iovec>& parts) noexcept;

    const std::string _prefix; // of the paths of its files
    const std::chrono::milliseconds _patience;
    Users _users;
    std::mutex _mutex; ///< guards what follows but for _device; never held during I/O
    SegmentPair _segments;
    const dev_t _device;
    std::vector<Ticket*> _waiting;
    std::vector<std::uint64_t> _cancelled;
    std::uint64_t _lastId = 0;
    bool _isBusy = false;             ///< a thread leads a batch, or has been told to
    std::atomic<bool> _isFull{false}; ///< has been told of; the leader's
    Checkpoints _checkpoints;         ///< ends first
};

} // namespace mpsmtp::store::journal
