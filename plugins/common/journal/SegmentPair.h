// The two segments of a journal, and the state of each: one takes records while the other waits for
// its checkpoint, which frees it. What is written into them is the Journal's, when a checkpoint is
// due and what it does is that of Checkpoints.
// Thread safety: a state is read and changed under the mutex of the journal; what is called without
// it says so. A segment's file belongs to one thread at a time: to the leader of the batch while
// `isTaking`, to the thread of the checkpoints once it is closed and has no entries.
#pragma once

#include "common/journal/Segment.h"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace mpsmtp::store::journal
{

class SegmentPair
{
public:
    using Lock = std::unique_lock<std::mutex>;
    using Clock = std::chrono::steady_clock;

    struct Use
    {
        enum class State
        {
            Free,
            Open,   ///< takes records
            Closed, ///< waits for its checkpoint
            Kept    ///< its checkpoint has failed: for the next start
        };

        Use(const std::string& path, std::uint64_t octets) : segment(path, octets) {}

        Segment segment;
        State state = State::Free;
        std::size_t entries = 0; ///< whose files are not all in place yet
        bool isTaking = false;   ///< a batch is written into it at this moment
        Clock::time_point since;
    };

    using Uses = std::array<Use, 2>;

    /// \param prefix  of the paths of the two files
    /// \param octets  of each
    /// \throws std::system_error
    SegmentPair(const std::string& prefix, std::uint64_t octets, std::string bootId);
    SegmentPair(const SegmentPair&) = delete;
    SegmentPair& operator=(const SegmentPair&) = delete;

    /// Segment::tryLock() of both; nothing else here may be called before. Without the mutex.
    [[nodiscard]] bool tryLock();

    /// True if both files are where they were. Without the mutex.
    [[nodiscard]] bool isInPlace() const noexcept;

    [[nodiscard]] Uses& uses() noexcept { return _uses; }

    [[nodiscard]] std::size_t placeOf(const Use& use) const noexcept
    {
        return static_cast<std::size_t>(&use - _uses.data());
    }

    /// The open segment, or the other one if that is full; waits a while for its checkpoint.
    /// \return nullptr if none has room
    [[nodiscard]] Use*
    waitFor(std::uint64_t octets, std::chrono::milliseconds patience, Lock& lock);

    /// No batch goes into it any more.
    void close(Use& use);

    /// The files of one of its entries are in place.
    void release(std::size_t place) noexcept;

    /// A checkpoint is over: who waits may look again.
    void checkpointed() noexcept;

    /// From now on nothing is taken.
    void refuse() noexcept { _isRefusing = true; }

    /// Without the mutex, or with it.
    [[nodiscard]] bool isRefusing() const noexcept { return _isRefusing; }

    /// Wakes who waits for a change.
    void announce() noexcept { _changed.notify_all(); }

    void waitForChange(Lock& lock) { _changed.wait(lock); }

    void waitForChange(Lock& lock, Clock::time_point until) { _changed.wait_until(lock, until); }

private:
    [[nodiscard]] Use* findOpen(std::uint64_t octets);

    const std::string _bootId;
    Uses _uses;
    std::condition_variable _changed; ///< a state, or what announce() tells of
    std::uint64_t _lastSequence = 0;
    std::atomic<bool> _isRefusing{false}; ///< set under the mutex
    bool _isStalled = false; ///< no segment came free in time: nobody waits until one does
};

} // namespace mpsmtp::store::journal
