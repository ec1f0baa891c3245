/* Covers threads, clocks and what else a kernel has for everybody. Only the time of day can be wrong: nothing sets back a
 * monotonic clock. */
#include "control.h"

#include <pthread.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

COVER(ssize_t,
      -1,
      getrandom,
      (void* octets, size_t size, unsigned flags),
      (octets, size, flags),
      step(CALL_getrandom, "getrandom"))
COVER(int,
      -1,
      gethostname,
      (char* name, size_t size),
      (name, size),
      step(CALL_gethostname, "gethostname"))

int pthread_create(pthread_t* thread,
                   const pthread_attr_t* attributes,
                   void* (*run)(void*),
                   void* argument)
{
    if (step(CALL_pthread_create, "pthread_create") == FAIL)
        return control->error;
    return REAL(pthread_create)(thread, attributes, run, argument);
}

static time_t offset(void)
{
    return control ? (time_t)control->clock_offset : 0;
}

int clock_gettime(clockid_t clock, struct timespec* now)
{
    const int result = REAL(clock_gettime)(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval* now, void* zone)
{
    const int result = REAL(gettimeofday)(now, zone);
    if (result == 0)
        now->tv_sec += offset();
    return result;
}

time_t time(time_t* result)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}
