// Wakes one thread that waits for another's word. Who is woken from a condition variable takes its
// mutex again, all who are woken at once one behind the other: in a group commit of twenty that is
// five system calls for each, and two with this.
//
// What the giver has written before give() the taker may read behind take(), without a mutex.
// Thread safety: give() [any], once; take() by one thread.
#pragma once

#include <cerrno>

#include <semaphore.h>

namespace mpsmtp::store
{

class Wakeup
{
public:
    Wakeup() noexcept { (void)::sem_init(&_given, 0, 0); }

    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    ~Wakeup() { (void)::sem_destroy(&_given); }

    /// Its last access: the taker may destroy the object while this returns (sem_post(3)).
    void give() noexcept { (void)::sem_post(&_given); }

    /// Waits until it is given.
    void take() noexcept
    {
        while (::sem_wait(&_given) != 0 && errno == EINTR)
        {
        }
    }

private:
    sem_t _given{};
};

} // namespace mpsmtp::store
