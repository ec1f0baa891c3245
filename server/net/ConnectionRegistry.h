// All open connections, for the reaper and for the shutdown.
// Thread safety: [any].
#pragma once

#include "net/CoarseClock.h"
#include "net/Watch.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>

namespace mpsmtp::net
{

class ConnectionRegistry
{
public:
    /// \param refusal is sent to connections that no thread took in time
    explicit ConnectionRegistry(std::string refusal) : _refusal(std::move(refusal)) {}

    ConnectionRegistry(const ConnectionRegistry&) = delete;
    ConnectionRegistry& operator=(const ConnectionRegistry&) = delete;

    /// Another one from now on.
    void setRefusal(std::string refusal);

    [[nodiscard]] std::size_t size() const;

    /// Interrupts every connection whose deadline has passed.
    void sweep(CoarseClock::time_point now);

    /// Blocks while there is nothing to sweep, and for `interval` then. False: retire() was called.
    [[nodiscard]] bool awaitSweep(std::chrono::milliseconds interval);

    /// No sweeps any more.
    void retire();

    /// True while a connection that is to be spared (Watch) waits for a thread.
    [[nodiscard]] bool hasSparedInQueue() const;

    /// How many connections have been inside a handler for longer than that, as seen by calls of this at least that far
    /// apart.
    [[nodiscard]] std::size_t hanging(CoarseClock::time_point now, CoarseClock::duration longest);

    /// How often sweep() was called, for who wants to know that it is.
    [[nodiscard]] const std::atomic<std::uint64_t>& sweeps() const noexcept { return _sweeps; }

    /// From now on isShuttingDown(); wakes the connections between transactions, but for those that are spared: sweep() wakes
    /// them when their time is over.
    void beginShutdown();

    [[nodiscard]] bool isShuttingDown() const noexcept { return _shuttingDown.load(); }

    /// \return whether every connection has ended within `grace`
    [[nodiscard]] bool awaitEmpty(std::chrono::milliseconds grace);

    /// Ends the network side of every connection.
    /// \return how many there were
    std::size_t cutAll();

private:
    friend class Watch;

    void endSpares(CoarseClock::time_point now);
    void add(Watch& watch);
    void remove(Watch& watch) noexcept;

    std::atomic<bool> _shuttingDown{false};
    std::atomic<std::uint64_t> _sweeps{0};
    mutable std::mutex _mutex;
    std::string _refusal; // guarded by _mutex, as is all below
    std::list<Watch*> _watches;
    bool _retired = false;
    bool _reaperSleeps = false;
    std::condition_variable _work;
    std::condition_variable _empty;
};

} // namespace mpsmtp::net
