// The HTTP connections that are being served, and how long they may be: all of a connection has one deadline, whoever is slow
// on the way, and when every thread is taken the oldest connection makes room for the next. A client that sends an octet a
// second, or reads none, holds up nobody.
// Thread safety: [any].
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <thread>

namespace mpsmtp::http
{

class Visits
{
public:
    /// \param most at once; the next one ends the oldest
    Visits(std::size_t most, std::chrono::milliseconds longest);
    Visits(const Visits&) = delete;
    Visits& operator=(const Visits&) = delete;

    /// Ends the thread; every visit must be over.
    ~Visits();

    /// One connection on its thread. `fd` must stay open for its life.
    class Visit
    {
    public:
        Visit(Visits& visits, int fd);
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;
        ~Visit();

    private:
        friend class Visits;

        Visits& _visits;
        const int _fd;
        const std::chrono::steady_clock::time_point _deadline;
        bool _isCut = false; ///< guarded by the mutex of _visits
        std::list<Visit*>::iterator _place;
    };

    /// Somebody has come and waits for a thread: ends the oldest visit if all are taken, and waits a moment for its end.
    void makeRoom();

    /// Ends all of them, and every one that begins from now on.
    void cutAll();

    /// \return whether none is left after `patience`
    [[nodiscard]] bool awaitEmpty(std::chrono::milliseconds patience);

private:
    void watch();
    void cut(Visit& visit) noexcept;

    const std::size_t _most;
    const std::chrono::milliseconds _longest;
    std::mutex _mutex; // guards all below
    std::condition_variable _changed;
    std::list<Visit*> _visits; ///< the oldest first, and so the one whose deadline comes first
    bool _isClosing = false;
    bool _isOver = false;
    std::thread _thread; ///< begins last
};

} // namespace mpsmtp::http
