/* The calls that can be made to fail, as a table: each has a wrapper in one file of this folder, and a number and a name by
 * which a test arms it. A call that is missing here is added to the table and to the file of its family. */
#pragma once

#define CALLS(X)                                                                                   \
    X(changes) /* any call that changes what lies below the folder, counted together */            \
    X(open)                                                                                        \
    X(fopen)                                                                                       \
    X(mkostemp)                                                                                    \
    X(memfd_create)                                                                                \
    X(close)                                                                                       \
    X(read)                                                                                        \
    X(pread)                                                                                       \
    X(write)                                                                                       \
    X(pwrite)                                                                                      \
    X(writev)                                                                                      \
    X(pwritev)                                                                                     \
    X(fsync)                                                                                       \
    X(fdatasync)                                                                                   \
    X(syncfs)                                                                                      \
    X(fallocate)                                                                                   \
    X(ftruncate)                                                                                   \
    X(stat)                                                                                        \
    X(lstat)                                                                                       \
    X(fstat)                                                                                       \
    X(statx)                                                                                       \
    X(fstatvfs)                                                                                    \
    X(faccessat)                                                                                   \
    X(fchmod)                                                                                      \
    X(futimens)                                                                                    \
    X(fcntl)                                                                                       \
    X(flock)                                                                                       \
    X(mkdir)                                                                                       \
    X(link)                                                                                        \
    X(rename)                                                                                      \
    X(unlink)                                                                                      \
    X(opendir)                                                                                     \
    X(readdir)                                                                                     \
    X(getrlimit)                                                                                   \
    X(mmap)                                                                                        \
    X(malloc)                                                                                      \
    X(calloc)                                                                                      \
    X(realloc)                                                                                     \
    X(aligned_alloc)                                                                               \
    X(accept)                                                                                      \
    X(recv)                                                                                        \
    X(send)                                                                                        \
    X(sendmsg)                                                                                     \
    X(poll)                                                                                        \
    X(epoll_wait)                                                                                  \
    X(epoll_ctl)                                                                                   \
    X(eventfd)                                                                                     \
    X(shutdown)                                                                                    \
    X(setsockopt)                                                                                  \
    X(getsockopt)                                                                                  \
    X(getsockname)                                                                                 \
    X(getpeername)                                                                                 \
    X(pthread_create)                                                                              \
    X(gethostname)                                                                                 \
    X(getrandom)

#define CALL_NUMBER(name) CALL_##name,

enum Call
{
    CALLS(CALL_NUMBER) CALL_COUNT
};
