// Proof that a server goes on serving, for a watchdog: a process that only answers "I am here" may have lost every thread that
// serves. Leaves to others: whom to tell.
//
// Alive is: each acceptor's thread turns, the reaper's does while there are connections, the pool has started and ended a task
// that was given to it since the last look, and not every place for a client is taken by a session that has been inside a
// handler for longer than any client waits. What a single slow handler or a full house does is none of that.
// Thread safety: [main]; the task of the pool says that it ran by an atomic.
#pragma once

#include "net/CoarseClock.h"
#include "net/Pulse.h"

#include <Poco/Runnable.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

namespace Poco
{
class ThreadPool;
}

namespace mpsmtp::net
{

class Acceptors;
struct ServerContext;

class Liveness
{
public:
    /// All is borrowed. `pool` runs what it was given before it is destroyed.
    Liveness(ServerContext& context, const Acceptors& acceptors, Poco::ThreadPool& pool) noexcept
        : _context(context), _acceptors(acceptors), _pool(pool)
    {
    }

    Liveness(const Liveness&) = delete;
    Liveness& operator=(const Liveness&) = delete;

    /// To be called every few seconds at least.
    /// \param patience how long anything may stand still; at least a second
    /// \param places for connections
    /// \param handlerTime how long a client may have to wait for a handler
    /// \return what does not go on, as a sentence, or ""
    [[nodiscard]] std::string complaint(CoarseClock::duration patience,
                                        std::size_t places,
                                        CoarseClock::duration handlerTime);

private:
    /// Counts how often it was run.
    class Task : public Poco::Runnable
    {
    public:
        void run() override { _turns.fetch_add(1); }

        [[nodiscard]] std::uint64_t turns() const noexcept { return _turns.load(); }

    private:
        std::atomic<std::uint64_t> _turns{0};
    };

    [[nodiscard]] std::string acceptorAtRest(CoarseClock::time_point now,
                                             CoarseClock::duration patience);
    [[nodiscard]] bool isSwept(CoarseClock::time_point now, CoarseClock::duration patience);
    [[nodiscard]] bool poolRuns(CoarseClock::time_point now, CoarseClock::duration patience);

    ServerContext& _context;
    const Acceptors& _acceptors;
    Poco::ThreadPool& _pool;
    Task _task;
    std::uint64_t _given = 0; ///< tasks, to the pool
    Pulse _poolPulse;
    Pulse _reaperPulse;
    std::map<std::string, Pulse> _acceptorPulses; ///< by address
};

} // namespace mpsmtp::net
