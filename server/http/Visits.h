// The HTTP connections that have asked, from there to their end, and how long they may be: all of a connection has one deadline,
// whoever is slow on the way, and when every thread is taken the longest one makes room for the next. A client that does not
// read its answer holds up nobody.
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
    using Clock = std::chrono::steady_clock;

    /// \param most at once; the next one ends the longest
    /// \param longest from when the client was accepted
    /// \param least what each has for its answer, however many others ask
    Visits(std::size_t most, std::chrono::milliseconds longest, std::chrono::milliseconds least);
    Visits(const Visits&) = delete;
    Visits& operator=(const Visits&) = delete;

    /// Ends the thread; every visit must be over.
    ~Visits();

    /// One connection. `fd` must stay open for its life.
    class Visit
    {
    public:
        /// \param since when the client was accepted: its time runs from there
        Visit(Visits& visits, int fd, Clock::time_point since);
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;
        ~Visit();

        /// Its end costs the client nothing any more.
        void answered();

        /// The calling thread is done with it, and the place is free. The connection's last reference may be dropped by another thread,
        /// which by this has seen all that happened here. Idempotent.
        void end();

    private:
        friend class Visits;

        Visits& _visits;
        const int _fd;
        const Clock::time_point _begin;
        const Clock::time_point _deadline;
        bool _isAnswered = false; ///< guarded by the mutex of _visits, as what follows
        bool _isCut = false;
        bool _isOver = false;
        std::list<Visit*>::iterator _place;
    };

    /// Somebody has asked and waits for a thread: if all are taken, waits a moment for the end of one, and ends the longest: of those
    /// that have their answer and do not go at once, of others only behind what each has for its answer.
    void makeRoom();

    /// Lets those who wait for an answer have it for as long as `grace`, and cuts who is left then; whoever begins from now on too.
    /// \return whether none is left `patience` behind that
    [[nodiscard]] bool end(std::chrono::milliseconds grace, std::chrono::milliseconds patience);

private:
    void watch();
    void cut(Visit& visit) noexcept;
    [[nodiscard]] Visit* longestVisit() const noexcept;
    [[nodiscard]] Visit* nextToEnd() const noexcept;

    const std::size_t _most;
    const std::chrono::milliseconds _longest;
    const std::chrono::milliseconds _least;
    std::mutex _mutex; // guards all below
    std::condition_variable _changed;
    std::list<Visit*> _visits; ///< who has asked first is first
    bool _isClosing = false;
    bool _isOver = false;
    std::thread _thread; ///< begins last
};

} // namespace mpsmtp::http
