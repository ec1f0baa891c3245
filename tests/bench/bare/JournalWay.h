// One preallocated journal in two segments: a message is appended and made durable there by a group-committed fdatasync, then
// put into its maildir without any sync. When a segment is full, a thread of the background syncs the file system once all of
// its messages are in place; then it can be overwritten. Records carry a length and no checksum: this is a ceiling, and nobody
// replays it.
#pragma once

#include "bench/bare/FileWay.h"

#include <array>
#include <condition_variable>
#include <thread>

namespace mpsmtp::bench
{

/// The journal's file and whose turn it is. Thread safety: [any].
class Journal
{
public:
    /// Writes zeros over the whole file first: a block that was merely reserved costs a change of metadata at its first sync.
    /// \throws std::system_error
    Journal(const std::string& folder, std::uint64_t octets, std::uint64_t align);

    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal();

    /// Makes a record durable. \return its segment, for placed(). \throws std::system_error
    [[nodiscard]] std::size_t append(std::string_view octets);
    /// The record's message is in its mailbox.
    void placed(std::size_t segment);

    [[nodiscard]] std::uint64_t syncs() const { return _commit.calls() + _checkpoints; }

    /// Syncs the file system, as each checkpoint does.
    void checkpoint();

private:
    struct Segment
    {
        std::uint64_t used = 0;
        std::uint64_t notPlaced = 0;
        bool isFull = false; ///< until its checkpoint is done
    };

    struct Place
    {
        std::size_t segment;
        std::uint64_t offset;
    };

    [[nodiscard]] Place reserve(std::uint64_t octets);
    void checkpointFullSegments();

    const std::string _folder;
    const std::uint64_t _segmentOctets;
    const std::uint64_t _align;
    FileDescriptor _file;
    GroupCommit _commit;
    std::mutex _mutex; ///< guards the segments
    std::condition_variable _changed;
    std::array<Segment, 2> _segments;
    std::size_t _current = 0;
    bool _isEnding = false;
    std::atomic<std::uint64_t> _checkpoints{0};
    std::thread _background;
};

class JournalWay : public Way
{
public:
    explicit JournalWay(const StorePlan& plan);

    void put(std::size_t box, std::uint64_t id, std::string_view octets) override;

    void finish() override { _journal.checkpoint(); }

    [[nodiscard]] std::uint64_t syncs() const override { return _journal.syncs(); }

    [[nodiscard]] std::uint64_t stored() const override { return _store.stored(); }

private:
    FileWay _store;
    Journal _journal;
};

} // namespace mpsmtp::bench
