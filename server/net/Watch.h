// What one connection does right now, and until when, for those who may have to interrupt it: the
// reaper (deadlines) and the shutdown. State and deadline share one atomic word, so that an
// interruption decided on an old deadline, or just as octets arrive, fails instead of hitting the
// wrong wait. Interrupting means ::shutdown of the descriptor: it ends a blocked recv or send at
// once, and is allowed from any thread.
// Thread safety: wait, resume, end [connection]; the rest [any].
#pragma once

#include "net/CoarseClock.h"

#include <atomic>
#include <cstdint>
#include <list>
#include <string_view>

namespace mpsmtp::net
{

class ConnectionRegistry;

/// Why a wait ended.
enum class Interruption
{
    None,
    TimedOut,
    ShuttingDown
};

class Watch
{
public:
    enum class State : std::uint8_t
    {
        Queued,  ///< accepted, waits for a thread
        Working, ///< a thread is busy with it; not to be interrupted
        Idle,    ///< waits for a command between transactions
        Reading, ///< waits for octets inside a transaction
        Sending, ///< waits for the client to take a reply
        TimedOut,
        ShuttingDown,
        Ended ///< the thread has let go of it
    };

    /// Registers, in state Queued. `fd` must stay open until the destructor has run.
    /// \param spared until then a stop of the server leaves it alone, unless it has begun its first transaction
    Watch(ConnectionRegistry& registry,
          int fd,
          CoarseClock::time_point deadline,
          CoarseClock::time_point spared = {});
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    /// Takes the connection for a thread, once. False: somebody has taken it, or it waited too long
    /// and was refused.
    [[nodiscard]] bool claim() noexcept;

    /// The calling thread is about to block. To be followed by resume().
    void wait(State state, CoarseClock::time_point deadline) noexcept;

    /// The calling thread is back; tells whether it was woken.
    [[nodiscard]] Interruption resume() noexcept;

    /// The calling thread is done with the connection. Its last reference may be dropped by another
    /// thread, which by this has seen all that happened here.
    void end() noexcept;

    /// The server stops, and does not spare this connection. After wait(Idle) it is certain that either this is seen or the wait will
    /// be interrupted.
    [[nodiscard]] bool isShuttingDown() const noexcept;

private:
    friend class ConnectionRegistry;

    using Word = std::int64_t; // deadline in ms << 8 | state

    [[nodiscard]] static Word pack(State state, CoarseClock::time_point deadline) noexcept;
    [[nodiscard]] static State stateOf(Word word) noexcept;

    // Called by the registry with its mutex held, so that the descriptor is open.
    void expire(CoarseClock::time_point now, std::string_view refusal) noexcept;
    void stopWaiting(CoarseClock::time_point now) noexcept;
    [[nodiscard]] bool isSpared(CoarseClock::time_point now) const noexcept;
    [[nodiscard]] bool wasSparedUntil(CoarseClock::time_point now) const noexcept;
    [[nodiscard]] bool isSparedInQueue() const noexcept;
    [[nodiscard]] bool hangs(CoarseClock::time_point now, CoarseClock::duration longest) noexcept;
    void cut() noexcept;
    bool moveTo(State state, Word seen) noexcept;

    ConnectionRegistry& _registry;
    const int _fd;
    Word _armed; // [connection]: the word of the last wait
    std::atomic<Word> _word;
    std::atomic<CoarseClock::rep> _sparedUntil; // 0: it is not
    Word _serial = 0; // [connection]: told apart from the same state later
    Word _seen = -1;  // guarded by the registry's mutex, as is all below
    CoarseClock::time_point _seenSince{};
    std::list<Watch*>::iterator _position; // guarded by the registry's mutex
};

} // namespace mpsmtp::net
