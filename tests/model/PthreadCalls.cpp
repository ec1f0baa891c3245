// What std::mutex, std::condition_variable, std::thread, semaphores and the clocks call, led to the Scheduler while a scenario runs. The names of a
// program go before those of its libraries, so that libstdc++ comes here too. Thread safety: [main].
#include "Scheduler.h"

#include <cerrno>
#include <ctime>

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>

namespace
{

using mpsmtp::model::Scheduler;

[[nodiscard]] bool isModelled()
{
    return Scheduler::instance().isInside();
}

/// The call that stands here if nobody takes its place.
template <typename Call>
[[nodiscard]] Call* real(const char* name, Call*)
{
    return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name));
}

constexpr std::uint64_t nanosecondsPerSecond = 1'000'000'000;

[[nodiscard]] int
waitWithLimit(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec& end)
{
    const std::uint64_t limit = static_cast<std::uint64_t>(end.tv_sec) * nanosecondsPerSecond +
                                static_cast<std::uint64_t>(end.tv_nsec);
    return Scheduler::instance().wait(condition, mutex, limit) ? 0 : ETIMEDOUT;
}

} // namespace

extern "C"
{

    int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept
    {
        if (!isModelled())
            return real("pthread_mutex_lock", &pthread_mutex_lock)(mutex);
        Scheduler::instance().lock(mutex);
        return 0;
    }

    int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept
    {
        if (!isModelled())
            return real("pthread_mutex_trylock", &pthread_mutex_trylock)(mutex);
        return Scheduler::instance().tryLock(mutex) ? 0 : EBUSY;
    }

    int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept
    {
        if (!isModelled())
            return real("pthread_mutex_unlock", &pthread_mutex_unlock)(mutex);
        Scheduler::instance().unlock(mutex);
        return 0;
    }

    int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex)
    {
        if (!isModelled())
            return real("pthread_cond_wait", &pthread_cond_wait)(condition, mutex);
        (void)Scheduler::instance().wait(condition, mutex, 0);
        return 0;
    }

    int
    pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* end)
    {
        if (!isModelled())
            return real("pthread_cond_timedwait", &pthread_cond_timedwait)(condition, mutex, end);
        return waitWithLimit(condition, mutex, *end);
    }

    int pthread_cond_clockwait(pthread_cond_t* condition,
                               pthread_mutex_t* mutex,
                               clockid_t clock,
                               const timespec* end)
    {
        if (!isModelled())
            return real("pthread_cond_clockwait",
                        &pthread_cond_clockwait)(condition, mutex, clock, end);
        return waitWithLimit(condition, mutex, *end);
    }

    int clock_gettime(clockid_t clock, timespec* now) noexcept
    {
        if (!isModelled())
            return real("clock_gettime", &clock_gettime)(clock, now);
        const std::uint64_t time = Scheduler::instance().time();
        now->tv_sec = static_cast<time_t>(time / nanosecondsPerSecond);
        now->tv_nsec = static_cast<long>(time % nanosecondsPerSecond);
        return 0;
    }

    int pthread_cond_signal(pthread_cond_t* condition) noexcept
    {
        if (!isModelled())
            return real("pthread_cond_signal", &pthread_cond_signal)(condition);
        Scheduler::instance().wake(condition, false);
        return 0;
    }

    int pthread_cond_broadcast(pthread_cond_t* condition) noexcept
    {
        if (!isModelled())
            return real("pthread_cond_broadcast", &pthread_cond_broadcast)(condition);
        Scheduler::instance().wake(condition, true);
        return 0;
    }

    int pthread_cond_destroy(pthread_cond_t* condition) noexcept
    {
        if (!isModelled())
            return real("pthread_cond_destroy", &pthread_cond_destroy)(condition);
        Scheduler::instance().destroy(condition);
        return 0;
    }

    int sem_init(sem_t* semaphore, int shared, unsigned value) noexcept
    {
        if (!isModelled())
            return real("sem_init", &sem_init)(semaphore, shared, value);
        Scheduler::instance().initialize(semaphore, value);
        return 0;
    }

    int sem_wait(sem_t* semaphore)
    {
        if (!isModelled())
            return real("sem_wait", &sem_wait)(semaphore);
        if (Scheduler::instance().take(semaphore))
            return 0;
        errno = EINTR;
        return -1;
    }

    int sem_post(sem_t* semaphore) noexcept
    {
        if (!isModelled())
            return real("sem_post", &sem_post)(semaphore);
        Scheduler::instance().give(semaphore);
        return 0;
    }

    int sem_destroy(sem_t* semaphore) noexcept
    {
        if (!isModelled())
            return real("sem_destroy", &sem_destroy)(semaphore);
        Scheduler::instance().destroy(semaphore);
        return 0;
    }

    int pthread_create(pthread_t* thread,
                       const pthread_attr_t* attributes,
                       void* (*routine)(void*),
                       void* argument) noexcept
    {
        if (!isModelled())
            return real("pthread_create", &pthread_create)(thread, attributes, routine, argument);
        *thread = Scheduler::instance().create([routine, argument] { (void)routine(argument); });
        return 0;
    }

    int pthread_join(pthread_t thread, void** result)
    {
        if (!isModelled())
            return real("pthread_join", &pthread_join)(thread, result);
        Scheduler::instance().join(thread);
        return 0;
    }

} // extern "C"
