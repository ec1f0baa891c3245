/* What the test and the preloaded library share, and how a wrapper asks what shall become of its call.
 * Thread safety: any thread may call; the test arms while the server is idle. */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <sys/types.h>

enum Action
{
    NOTHING = 0,
    KILL_BEFORE = 1, /* the call */
    KILL_WITHIN = 2, /* behind the first half of a write; behind any other call */
    FAIL = 3,        /* with `error`, having done nothing */
    FAIL_WITHIN =
        4,       /* half of it is done, and the next call fails; a call that has no half works */
    SHORTEN = 5, /* half of what was asked for */
    END = 6      /* a read that returns 0 */
};

typedef struct
{
    int64_t at;           /* which of the calls of this kind; 0: only count */
    int64_t count;        /* of calls of the armed kind */
    int64_t clock_offset; /* seconds by which the time of day is wrong */
    int32_t call;         /* enum Call */
    int32_t action;
    int32_t error;
    int32_t only_names;         /* the file system has no files without a name */
    int32_t slow_milliseconds;  /* that each write and sync below the folder takes longer */
    int32_t slow_calls;         /* how many did */
    char hit[32];               /* which call the n-th was; "" if there were fewer */
    int32_t counts[CALL_COUNT]; /* of all kinds since the test has set them to 0 */
    char names[1024];           /* of all kinds, each with its NUL */
} Control;

extern Control* control; /* NULL: not in a process of the test */

/* What shall become of this call. */
enum Action step(enum Call call, const char* name);

/* The same, for calls that change what lies below the folder; `is_ours` says so. */
enum Action change(enum Call call, const char* name, int is_ours);

/* If somebody counts what lies below the folder: else nobody needs to know. */
int counts_changes(void);
int is_path_ours(const char* path);
int is_ours(int fd);
int is_ours_at(int fd, const char* path);

/* Waits as a slow disk would. */
void linger(int fd);

void die(void) __attribute__((noreturn));

/* The function that is covered by ours. */
#define REAL(name)                                                                                 \
    ({                                                                                             \
        static __typeof__(&name) real;                                                             \
        if (!real)                                                                                 \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                     \
        real;                                                                                      \
    })

/* A function whose call either is done or not. `action` is an expression; `failed` is what it returns then. */
#define COVER(type, failed, name, parameters, arguments, decision)                                 \
    type name parameters                                                                           \
    {                                                                                              \
        const enum Action action = decision;                                                       \
        if (action == FAIL)                                                                        \
        {                                                                                          \
            errno = control->error;                                                                \
            return failed;                                                                         \
        }                                                                                          \
        type result = REAL(name) arguments;                                                        \
        if (action == KILL_WITHIN)                                                                 \
            die();                                                                                 \
        return result;                                                                             \
    }

/* One that moves octets, and may move fewer of them than `size`. */
#define COVER_TRANSFER(name, parameters, arguments, decision)                                      \
    ssize_t name parameters                                                                        \
    {                                                                                              \
        const enum Action action = decision;                                                       \
        if (action == FAIL)                                                                        \
        {                                                                                          \
            errno = control->error;                                                                \
            return -1;                                                                             \
        }                                                                                          \
        if (action == END)                                                                         \
            return 0;                                                                              \
        if ((action == KILL_WITHIN || action == FAIL_WITHIN || action == SHORTEN) && size > 1)     \
            size /= 2;                                                                             \
        const ssize_t result = REAL(name) arguments;                                               \
        if (action == KILL_WITHIN)                                                                 \
            die();                                                                                 \
        if (action == FAIL_WITHIN)                                                                 \
            fail_next();                                                                           \
        return result;                                                                             \
    }

/* The next call of the armed kind. */
void fail_next(void);
