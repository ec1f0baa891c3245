// The algorithm of a journal as a model: threads append records to a pending batch; whoever finds no leader writes the batch
// for all (write + sync) and tells them. There are two segments; a full one, or one in which a write failed, waits
// for its checkpoint, which a thread of its own makes. When both wait, so do appends: until a checkpoint has freed one, has
// failed, or the journal stops. No file: the disk is the caller's.
// Thread safety: append() [any]; the rest [main].
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace mpsmtp::model
{

using Records = std::vector<std::size_t>;

class JournalDisk
{
public:
    virtual ~JournalDisk() = default;

    /// \param isFirst  what the segment held before is overwritten
    /// \return whether the records are durable
    [[nodiscard]] virtual bool write(std::size_t segment, bool isFirst, const Records& records) = 0;

    /// \return whether what the segment holds is durable elsewhere
    [[nodiscard]] virtual bool checkpoint(std::size_t segment) = 0;
};

class Journal
{
public:
    /// \param capacity  records of a segment; the batch that fills it may be larger
    Journal(JournalDisk& disk, std::size_t capacity);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Stops if need be, and waits for the checkpoint thread.
    ~Journal();

    /// \return whether the record is durable
    [[nodiscard]] bool append(std::size_t record);

    /// From now on appends fail, also those that wait for room; full segments get a last checkpoint.
    void stop();

private:
    struct Batch
    {
        Records records;
        bool isDone = false;
        bool isDurable = false;
    };

    struct Segment
    {
        std::size_t used = 0;
        bool isSealed = false; ///< waits for its checkpoint
    };

    using Lock = std::unique_lock<std::mutex>;

    void lead(Lock& lock);
    [[nodiscard]] bool awaitRoom(Lock& lock);
    void writeBatch(Batch& batch, Lock& lock);
    void finish(Batch& batch);
    void seal();
    void makeCheckpoints();
    void makeCheckpoint(Lock& lock);

    static constexpr std::size_t segments = 2;

    JournalDisk& _disk;
    const std::size_t _capacity;
    std::mutex _mutex; ///< guards what follows; never held during I/O
    std::shared_ptr<Batch> _pending;
    bool _hasLeader = false;
    bool _stops = false;
    std::array<Segment, segments> _segments;
    std::size_t _active = 0;
    std::size_t _oldest = 0; ///< the next to get a checkpoint, if it is sealed
    bool _isWanted = false;  ///< a checkpoint; not tried again by itself after a failure
    std::size_t _failures = 0;
    std::condition_variable _batchIsDone;
    std::condition_variable _room;
    std::condition_variable _work;
    std::thread _checkpoints; // last: uses the others
};

} // namespace mpsmtp::model
