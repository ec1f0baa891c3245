/* Covers the calls on files and folders. Those that change what lies below the test's folder are counted together as well. */
#include "control.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

/* A name in the C library, and the one under which its calls are counted. */
#define CHANGE(call, name, is_ours_expression)                                                     \
    change(CALL_##call, #name, counts_changes() && (is_ours_expression))
#define CHANGING(call, name, parameters, arguments, is_ours_expression)                            \
    COVER(int, -1, name, parameters, arguments, CHANGE(call, name, is_ours_expression))
#define LOOKING(call, name, parameters, arguments)                                                 \
    COVER(int, -1, name, parameters, arguments, step(CALL_##call, #name))

CHANGING(ftruncate, ftruncate, (int fd, off_t size), (fd, size), is_ours(fd))
CHANGING(ftruncate, ftruncate64, (int fd, off64_t size), (fd, size), is_ours(fd))
CHANGING(fallocate,
         fallocate,
         (int fd, int mode, off_t at, off_t size),
         (fd, mode, at, size),
         is_ours(fd))
CHANGING(fallocate,
         fallocate64,
         (int fd, int mode, off64_t at, off64_t size),
         (fd, mode, at, size),
         is_ours(fd))
CHANGING(mkdir, mkdir, (const char* path, mode_t mode), (path, mode), is_path_ours(path))
CHANGING(
    mkdir, mkdirat, (int at, const char* path, mode_t mode), (at, path, mode), is_ours_at(at, path))
CHANGING(link, link, (const char* from, const char* to), (from, to), is_path_ours(to))
CHANGING(link,
         linkat,
         (int at, const char* from, int to_at, const char* to, int flags),
         (at, from, to_at, to, flags),
         is_ours_at(to_at, to))
CHANGING(rename, rename, (const char* from, const char* to), (from, to), is_path_ours(to))
CHANGING(rename,
         renameat,
         (int at, const char* from, int to_at, const char* to),
         (at, from, to_at, to),
         is_ours_at(to_at, to))
CHANGING(unlink, unlink, (const char* path), (path), is_path_ours(path))
CHANGING(unlink,
         unlinkat,
         (int at, const char* path, int flags),
         (at, path, flags),
         is_ours_at(at, path))

LOOKING(stat, stat, (const char* path, struct stat* status), (path, status))
LOOKING(stat, stat64, (const char* path, struct stat64* status), (path, status))
LOOKING(lstat, lstat, (const char* path, struct stat* status), (path, status))
LOOKING(lstat, lstat64, (const char* path, struct stat64* status), (path, status))
LOOKING(fstat, fstat, (int fd, struct stat* status), (fd, status))
LOOKING(fstat, fstat64, (int fd, struct stat64* status), (fd, status))
LOOKING(statx,
        statx,
        (int at, const char* path, int flags, unsigned mask, struct statx* status),
        (at, path, flags, mask, status))
LOOKING(fstatvfs, fstatvfs, (int fd, struct statvfs* status), (fd, status))
LOOKING(fstatvfs, fstatvfs64, (int fd, struct statvfs64* status), (fd, status))
LOOKING(faccessat,
        faccessat,
        (int at, const char* path, int mode, int flags),
        (at, path, mode, flags))
LOOKING(fchmod, fchmod, (int fd, mode_t mode), (fd, mode))
LOOKING(futimens, futimens, (int fd, const struct timespec times[2]), (fd, times))
LOOKING(flock, flock, (int fd, int operation), (fd, operation))
LOOKING(memfd_create, memfd_create, (const char* name, unsigned flags), (name, flags))
LOOKING(mkostemp, mkostemp, (char* path, int flags), (path, flags))
LOOKING(mkostemp, mkostemp64, (char* path, int flags), (path, flags))
LOOKING(getrlimit,
        getrlimit,
        (__rlimit_resource_t resource, struct rlimit* limit),
        (resource, limit))
LOOKING(getrlimit,
        getrlimit64,
        (__rlimit_resource_t resource, struct rlimit64* limit),
        (resource, limit))

COVER(FILE*,
      NULL,
      fopen,
      (const char* path, const char* mode),
      (path, mode),
      step(CALL_fopen, "fopen"))
COVER(FILE*,
      NULL,
      fopen64,
      (const char* path, const char* mode),
      (path, mode),
      step(CALL_fopen, "fopen64"))
COVER(DIR*, NULL, opendir, (const char* path), (path), step(CALL_opendir, "opendir"))
COVER(DIR*, NULL, fdopendir, (int fd), (fd), step(CALL_opendir, "fdopendir"))
COVER(struct dirent*, NULL, readdir, (DIR * folder), (folder), step(CALL_readdir, "readdir"))
COVER(struct dirent64*, NULL, readdir64, (DIR * folder), (folder), step(CALL_readdir, "readdir64"))

COVER_TRANSFER(pread,
               (int fd, void* octets, size_t size, off_t at),
               (fd, octets, size, at),
               step(CALL_pread, "pread"))
COVER_TRANSFER(pread64,
               (int fd, void* octets, size_t size, off64_t at),
               (fd, octets, size, at),
               step(CALL_pread, "pread64"))
COVER_TRANSFER(read,
               (int fd, void* octets, size_t size),
               (fd, octets, size),
               step(CALL_read, "read"))

/* What a slow disk makes slow. */
#define SLOW(fd, decision) (linger(fd), decision)

COVER(int, -1, fsync, (int fd), (fd), SLOW(fd, CHANGE(fsync, fsync, is_ours(fd))))
COVER(int, -1, fdatasync, (int fd), (fd), SLOW(fd, CHANGE(fdatasync, fdatasync, is_ours(fd))))
COVER(int, -1, syncfs, (int fd), (fd), SLOW(fd, CHANGE(syncfs, syncfs, is_ours(fd))))
COVER_TRANSFER(write,
               (int fd, const void* octets, size_t size),
               (fd, octets, size),
               SLOW(fd, CHANGE(write, write, is_ours(fd))))
COVER_TRANSFER(pwrite,
               (int fd, const void* octets, size_t size, off_t at),
               (fd, octets, size, at),
               SLOW(fd, CHANGE(pwrite, pwrite, is_ours(fd))))
COVER_TRANSFER(pwrite64,
               (int fd, const void* octets, size_t size, off64_t at),
               (fd, octets, size, at),
               SLOW(fd, CHANGE(pwrite, pwrite64, is_ours(fd))))

/* Fewer pieces is what a short one means here; a single piece cannot be cut. */
#define size count
COVER_TRANSFER(writev,
               (int fd, const struct iovec* pieces, int count),
               (fd, pieces, count),
               SLOW(fd, CHANGE(writev, writev, is_ours(fd))))
COVER_TRANSFER(pwritev,
               (int fd, const struct iovec* pieces, int count, off_t at),
               (fd, pieces, count, at),
               SLOW(fd, CHANGE(pwritev, pwritev, is_ours(fd))))
COVER_TRANSFER(pwritev64,
               (int fd, const struct iovec* pieces, int count, off64_t at),
               (fd, pieces, count, at),
               SLOW(fd, CHANGE(pwritev, pwritev64, is_ours(fd))))
#undef size

/* Closes also when it fails: that is what Linux does. */
int close(int fd)
{
    const enum Action action = step(CALL_close, "close");
    const int result = REAL(close)(fd);
    if (action != FAIL)
        return result;
    errno = control->error;
    return -1;
}

#define COVER_FCNTL(name)                                                                          \
    int name(int fd, int command, ...)                                                             \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, command);                                                                   \
        void* argument = va_arg(rest, void*); /* a long or a pointer: both are one word */         \
        va_end(rest);                                                                              \
        const enum Action action = step(CALL_fcntl, #name);                                        \
        if (action == FAIL)                                                                        \
        {                                                                                          \
            errno = control->error;                                                                \
            return -1;                                                                             \
        }                                                                                          \
        return REAL(name)(fd, command, argument);                                                  \
    }

COVER_FCNTL(fcntl)
COVER_FCNTL(fcntl64)

/* Opening is a change only where it makes a file. */
static int makes(int flags)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

static int opened(int at, const char* path, int flags, mode_t mode)
{
    const int is_unnamed = (flags & O_TMPFILE) == O_TMPFILE;
    if (is_unnamed && control && control->only_names && is_ours_at(at, path))
    {
        errno = EOPNOTSUPP;
        return -1;
    }
    const enum Action action = CHANGE(open, openat, makes(flags) && is_ours_at(at, path));
    if (action == FAIL)
    {
        errno = control->error;
        return -1;
    }
    const int result = REAL(openat)(at, path, flags, mode);
    if (action == KILL_WITHIN)
        die();
    return result;
}

#define MODE_OF(flags)                                                                             \
    mode_t mode = 0;                                                                               \
    if (makes(flags))                                                                              \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = va_arg(rest, mode_t);                                                               \
        va_end(rest);                                                                              \
    }

#define COVER_OPEN(name)                                                                           \
    int name(const char* path, int flags, ...)                                                     \
    {                                                                                              \
        MODE_OF(flags)                                                                             \
        return opened(AT_FDCWD, path, flags, mode);                                                \
    }

#define COVER_OPENAT(name)                                                                         \
    int name(int at, const char* path, int flags, ...)                                             \
    {                                                                                              \
        MODE_OF(flags)                                                                             \
        return opened(at, path, flags, mode);                                                      \
    }

COVER_OPEN(open)
COVER_OPEN(open64)
COVER_OPENAT(openat)
COVER_OPENAT(openat64)
