// The thread of a journal that makes the checkpoints: when a segment is full, or some seconds old,
// and the files of all its records are in place, it makes all of the file system durable (syncfs),
// and the segment is free again. What goes into a segment is the Journal's.
// Thread safety: [main]; the thread itself works under the mutex of the journal, but for what is
// I/O.
#pragma once

#include "common/journal/SegmentPair.h"
#include "common/journal/Users.h"

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace mpsmtp::store::journal
{

class Checkpoints
{
public:
    /// All that is referred to must outlive it.
    /// \param mutex  of the states of `segments`
    /// \param users  whose storage and log it works with: one must be there from start() to the end
    /// \param after  the age at which a segment that takes records is closed
    Checkpoints(SegmentPair& segments,
                std::mutex& mutex,
                Users& users,
                std::chrono::milliseconds after);
    Checkpoints(const Checkpoints&) = delete;
    Checkpoints& operator=(const Checkpoints&) = delete;

    /// Ends with a checkpoint, if it was started.
    ~Checkpoints();

    /// Once.
    void start();

private:
    using Use = SegmentPair::Use;
    using Lock = SegmentPair::Lock;
    using Clock = SegmentPair::Clock;

    void run() noexcept;
    [[nodiscard]] Clock::time_point nextTime() const;
    void closeOld();
    [[nodiscard]] const std::vector<Use*>& finished() noexcept;
    void make(const std::vector<Use*>& uses, Lock& lock);
    void giveUp(const std::vector<Use*>& uses, const char* reason) noexcept;

    SegmentPair& _segments;
    std::mutex& _mutex;
    Users& _users;
    const std::chrono::milliseconds _after;
    bool _isStopping = false;    ///< under the mutex
    std::vector<Use*> _finished; ///< of the thread alone
    bool _hasFailed = false;     ///< a checkpoint; of the thread alone
    std::thread _thread;
};

} // namespace mpsmtp::store::journal
