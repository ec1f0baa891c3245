/* Preloaded into the server: writes down what it changes below one folder, when each sync began and ended, and which mails it
 * acknowledged, in one total order. recording.py reads that; disk.py says what a power cut may leave of it.
 *
 * RECORDER_LOG, RECORDER_FOLDER  the log, and the folder (with a slash at its end). Without them nothing is recorded.
 * RECORDER_SYNC_DELAY            microseconds that each sync takes longer, as on a disk; the window of a cut becomes wide
 * RECORDER_DROP_SYNC             "data", "folder", "checkpoint" (syncfs) or "all": these syncs do nothing, and are not logged; for
 *                                tests of the tests
 * RECORDER_CLOCK_SPEED           the monotonic clock runs so many times as fast, so that what happens every few seconds happens
 * RECORDER_ONLY_NAMES            a file system without files without a name (O_TMPFILE)
 * RECORDER_BOOT_ID               a file to be read in place of the kernel's boot id: the machine was started anew
 * RECORDER_INODES                a file with lines `NOW THEN`: numbers of inodes, and what fstatat shall say they are: a disk that
 *                                was put into a folder has other ones than it had
 *
 * A call is done and logged under one lock, so that the log's order is the order in which things happened. A sync runs without
 * it: what it makes durable is what was logged before its begin, and only from its end on. A write with O_DSYNC counts as a write
 * and a sync. sync_file_range promises nothing, so it is not logged. A call that is missing here is no silent hole: the test
 * compares what the log leads to with what lies in the folder (PowerCutTest.record).
 * Thread safety: any thread may call. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum
{
    CREATE = 1, /* also a file without a name, whose folder is 0 */
    WRITE,
    TRUNCATE,
    EXTEND,
    LINK,
    UNLINK,
    RENAME,
    MKDIR,
    SYNC_BEGIN,
    SYNC_END, /* only of one that succeeded */
    REPLY,
    ROOT
};

/* An inode of 0 in a sync stands for the whole file system. */
typedef struct
{
    uint32_t kind;
    uint32_t name_size;
    uint64_t inode;
    uint64_t folder;
    uint64_t to_folder;
    int64_t value; /* offset, size or the number of a sync */
    uint32_t to_name_size;
    uint32_t data_size;
} Record;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char* root;
static const char* dropped;
static const char* boot_id;
static int64_t clock_speed = 1;
static int64_t clock_start;
static int only_names;
static useconds_t sync_delay;
static dev_t device;
static int64_t syncs;

static void
record(Record head, const char* name, const char* to_name, const struct iovec* data, int count)
{
    struct iovec parts[16] = {
        {&head, sizeof head}, {(void*)name, head.name_size}, {(void*)to_name, head.to_name_size}};
    if (count > 13)
        abort();
    for (int i = 0; i < count; ++i)
        parts[3 + i] = data[i];
    const ssize_t expected =
        (ssize_t)(sizeof head + head.name_size + head.to_name_size + head.data_size);
    if (REAL(writev)(log_fd, parts, 3 + count) != expected)
        abort(); /* a log with a hole would prove nothing */
}

static struct
{
    unsigned long now;
    unsigned long then;
} inodes[4096];

static int inode_count;

static void read_inodes(const char* path)
{
    FILE* const file = REAL(fopen64)(path, "r");
    while (file && inode_count < 4096 &&
           fscanf(file, "%lu %lu", &inodes[inode_count].now, &inodes[inode_count].then) == 2)
        ++inode_count;
    if (file)
        fclose(file);
}

static int64_t nanoseconds(struct timespec time)
{
    return time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct timespec timespec_of(int64_t time)
{
    return (struct timespec){time / 1000000000, time % 1000000000};
}

__attribute__((constructor)) static void attach(void)
{
    const char* speed = getenv("RECORDER_CLOCK_SPEED");
    struct timespec now;
    const char* path = getenv("RECORDER_LOG");
    const char* delay = getenv("RECORDER_SYNC_DELAY");
    struct stat status;
    boot_id = getenv("RECORDER_BOOT_ID");
    if (getenv("RECORDER_INODES"))
        read_inodes(getenv("RECORDER_INODES"));
    dropped = getenv("RECORDER_DROP_SYNC");
    only_names = getenv("RECORDER_ONLY_NAMES") != NULL;
    root = getenv("RECORDER_FOLDER");
    sync_delay = delay ? (useconds_t)atoi(delay) : 0;
    REAL(clock_gettime)(CLOCK_MONOTONIC, &now);
    clock_start = nanoseconds(now);
    clock_speed = speed ? atoi(speed) : 1;
    if (!path || !root || stat(root, &status) != 0)
        return;
    log_fd = REAL(open)(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    device = status.st_dev;
    if (log_fd >= 0)
        record((Record){.kind = ROOT, .inode = status.st_ino}, NULL, NULL, NULL, 0);
}

static int is_path_ours(const char* path)
{
    return log_fd >= 0 && strncmp(path, root, strlen(root)) == 0;
}

static int is_ours(int fd)
{
    char link[64];
    char path[4200];
    if (log_fd < 0 || fd < 0 || fd == log_fd)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 2);
    if (size < 0)
        return 0;
    strcpy(path + size, "/"); /* the folder itself is ours too */
    return is_path_ours(path);
}

static int is_ours_at(int at, const char* path)
{
    return path[0] == '/' || at == AT_FDCWD ? is_path_ours(path) : is_ours(at);
}

static uint64_t inode_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

static uint64_t inode_at(int at, const char* path)
{
    struct stat status;
    return fstatat(at, path, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_ino : 0;
}

static const char* base_name(const char* path)
{
    const char* slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static uint64_t parent_of(int at, const char* path)
{
    char parent[4200];
    const size_t size = (size_t)(base_name(path) - path);
    memcpy(parent, path, size);
    parent[size] = '\0';
    return inode_at(at, size ? parent : ".") ? inode_at(at, size ? parent : ".") : inode_of(at);
}

static Record named(uint32_t kind, int at, const char* path)
{
    return (Record){.kind = kind,
                    .inode = inode_at(at, path),
                    .folder = parent_of(at, path),
                    .name_size = (uint32_t)strlen(base_name(path))};
}

static void record_name(Record head, const char* path)
{
    record(head, base_name(path), NULL, NULL, 0);
}

/* Runs the call and, if it succeeded, the record; both under the lock. errno stays the call's. */
#define LOGGED(type, call, failed, log)                                                            \
    pthread_mutex_lock(&mutex);                                                                    \
    const type result = call;                                                                      \
    const int error = errno;                                                                       \
    if (result != (failed))                                                                        \
    {                                                                                              \
        log;                                                                                       \
    }                                                                                              \
    pthread_mutex_unlock(&mutex);                                                                  \
    errno = error;                                                                                 \
    return result

/* ---- syncs */

static int64_t begin_sync(uint64_t inode)
{
    pthread_mutex_lock(&mutex);
    const int64_t number = ++syncs;
    record((Record){.kind = SYNC_BEGIN, .inode = inode, .value = number}, NULL, NULL, NULL, 0);
    pthread_mutex_unlock(&mutex);
    return number;
}

static void end_sync(uint64_t inode, int64_t number)
{
    pthread_mutex_lock(&mutex);
    record((Record){.kind = SYNC_END, .inode = inode, .value = number}, NULL, NULL, NULL, 0);
    pthread_mutex_unlock(&mutex);
}

static int is_dropped(int fd, uint64_t inode)
{
    struct stat status;
    if (!dropped || fstat(fd, &status) != 0)
        return 0;
    const char* kind = inode == 0 ? "checkpoint" : S_ISDIR(status.st_mode) ? "folder" : "data";
    return strcmp(dropped, "all") == 0 || strcmp(dropped, kind) == 0;
}

static int synced(int fd, uint64_t inode, int (*call)(int))
{
    if (is_dropped(fd, inode))
        return 0;
    const int64_t number = begin_sync(inode);
    const int result = call(fd);
    const int error = errno;
    if (sync_delay)
        usleep(sync_delay);
    if (result == 0)
        end_sync(inode, number);
    errno = error;
    return result;
}

int fsync(int fd)
{
    return is_ours(fd) ? synced(fd, inode_of(fd), REAL(fsync)) : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return is_ours(fd) ? synced(fd, inode_of(fd), REAL(fdatasync)) : REAL(fdatasync)(fd);
}

int syncfs(int fd)
{
    struct stat status;
    const int is_whole = log_fd >= 0 && fstat(fd, &status) == 0 && status.st_dev == device;
    return is_whole ? synced(fd, 0, REAL(syncfs)) : REAL(syncfs)(fd);
}

void sync(void)
{
    if (log_fd < 0 || dropped)
        return;
    const int64_t number = begin_sync(0);
    REAL(sync)();
    end_sync(0, number);
}

/* ---- data */

static off_t place(int fd)
{
    struct stat status;
    if ((fcntl(fd, F_GETFL) & O_APPEND) != 0 && fstat(fd, &status) == 0)
        return status.st_size;
    return lseek(fd, 0, SEEK_CUR);
}

/* Under the lock. Of `data` the first `size` octets were written. */
static void record_data(int fd, off_t offset, const struct iovec* data, int count, ssize_t size)
{
    Record head = {
        .kind = WRITE, .inode = inode_of(fd), .value = offset, .data_size = (uint32_t)size};
    struct iovec rest[13];
    int used = 0;
    for (; used < count && used < 13 && size > 0; ++used)
    {
        rest[used] = data[used];
        if ((ssize_t)rest[used].iov_len > size)
            rest[used].iov_len = (size_t)size;
        size -= (ssize_t)rest[used].iov_len;
    }
    record(head, NULL, NULL, rest, used);
    if ((fcntl(fd, F_GETFL) & O_DSYNC) == 0)
        return;
    record(
        (Record){.kind = SYNC_BEGIN, .inode = head.inode, .value = ++syncs}, NULL, NULL, NULL, 0);
    record((Record){.kind = SYNC_END, .inode = head.inode, .value = syncs}, NULL, NULL, NULL, 0);
}

static ssize_t logged_write(int fd, const struct iovec* data, int count)
{
    LOGGED(ssize_t,
           REAL(writev)(fd, data, count),
           -1,
           const off_t end =
               (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? place(fd) : lseek(fd, 0, SEEK_CUR);
           record_data(fd, end - result, data, count, result));
}

static ssize_t logged_pwrite(int fd, const struct iovec* data, int count, off_t offset)
{
    LOGGED(ssize_t,
           REAL(pwritev)(fd, data, count, offset),
           -1,
           record_data(fd, offset, data, count, result));
}

static int holds_acknowledgement(const void* octets, size_t size)
{
    return log_fd >= 0 && memmem(octets, size, "250 2.0.0 Ok: ", 14) != NULL;
}

/* Before it is sent: from then on the mail counts as acknowledged. */
static void record_reply(const void* octets, size_t size)
{
    const struct iovec data = {(void*)octets, size};
    pthread_mutex_lock(&mutex);
    record((Record){.kind = REPLY, .data_size = (uint32_t)size}, NULL, NULL, &data, 1);
    pthread_mutex_unlock(&mutex);
}

ssize_t send(int fd, const void* octets, size_t size, int flags)
{
    if (holds_acknowledgement(octets, size))
        record_reply(octets, size);
    return REAL(send)(fd, octets, size, flags);
}

ssize_t write(int fd, const void* octets, size_t size)
{
    const struct iovec data = {(void*)octets, size};
    return is_ours(fd) ? logged_write(fd, &data, 1) : REAL(write)(fd, octets, size);
}

ssize_t writev(int fd, const struct iovec* data, int count)
{
    return is_ours(fd) ? logged_write(fd, data, count < 13 ? count : 13)
                       : REAL(writev)(fd, data, count);
}

ssize_t pwrite(int fd, const void* octets, size_t size, off_t offset)
{
    const struct iovec data = {(void*)octets, size};
    return is_ours(fd) ? logged_pwrite(fd, &data, 1, offset)
                       : REAL(pwrite)(fd, octets, size, offset);
}

ssize_t pwrite64(int fd, const void* octets, size_t size, off64_t offset)
{
    return pwrite(fd, octets, size, offset);
}

ssize_t pwritev(int fd, const struct iovec* data, int count, off_t offset)
{
    return is_ours(fd) ? logged_pwrite(fd, data, count < 13 ? count : 13, offset)
                       : REAL(pwritev)(fd, data, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec* data, int count, off64_t offset)
{
    return pwritev(fd, data, count, offset);
}

int ftruncate(int fd, off_t size)
{
    if (!is_ours(fd))
        return REAL(ftruncate)(fd, size);
    LOGGED(
        int,
        REAL(ftruncate)(fd, size),
        -1,
        record(
            (Record){.kind = TRUNCATE, .inode = inode_of(fd), .value = size}, NULL, NULL, NULL, 0));
}

int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

static void record_extent(int fd)
{
    struct stat status;
    if (fstat(fd, &status) == 0)
        record((Record){.kind = EXTEND, .inode = status.st_ino, .value = status.st_size},
               NULL,
               NULL,
               NULL,
               0);
}

/* Holes are nothing that a store punches: only what becomes of the size is logged. */
int fallocate(int fd, int mode, off_t offset, off_t size)
{
    if (!is_ours(fd))
        return REAL(fallocate)(fd, mode, offset, size);
    LOGGED(int, REAL(fallocate)(fd, mode, offset, size), -1, record_extent(fd));
}

int fallocate64(int fd, int mode, off64_t offset, off64_t size)
{
    return fallocate(fd, mode, offset, size);
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
    if (!is_ours(fd))
        return REAL(posix_fallocate)(fd, offset, size);
    return fallocate(fd, 0, offset, size) == 0 ? 0 : errno;
}

int posix_fallocate64(int fd, off64_t offset, off64_t size)
{
    return posix_fallocate(fd, offset, size);
}

/* ---- names */

int mkdirat(int at, const char* path, mode_t mode)
{
    if (!is_ours_at(at, path))
        return REAL(mkdirat)(at, path, mode);
    LOGGED(int, REAL(mkdirat)(at, path, mode), -1, record_name(named(MKDIR, at, path), path));
}

int mkdir(const char* path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int linkat(int from_at, const char* from, int to_at, const char* to, int flags)
{
    if (!is_ours_at(to_at, to))
        return REAL(linkat)(from_at, from, to_at, to, flags);
    LOGGED(int,
           REAL(linkat)(from_at, from, to_at, to, flags),
           -1,
           record_name(named(LINK, to_at, to), to));
}

int link(const char* from, const char* to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_at, const char* from, int to_at, const char* to)
{
    if (!is_ours_at(to_at, to))
        return REAL(renameat)(from_at, from, to_at, to);
    LOGGED(int,
           REAL(renameat)(from_at, from, to_at, to),
           -1,
           Record head = named(RENAME, from_at, from);
           head.inode = inode_at(to_at, to);
           head.to_folder = parent_of(to_at, to);
           head.to_name_size = (uint32_t)strlen(base_name(to));
           record(head, base_name(from), base_name(to), NULL, 0));
}

int rename(const char* from, const char* to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int at, const char* path, int flags)
{
    if (!is_ours_at(at, path))
        return REAL(unlinkat)(at, path, flags);
    LOGGED(int, REAL(unlinkat)(at, path, flags), -1, record_name(named(UNLINK, at, path), path));
}

int unlink(const char* path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char* path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* ---- opening */

static int makes(int flags)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

static void record_opened(int fd, int at, const char* path, int flags, int was_there)
{
    if ((flags & O_TMPFILE) == O_TMPFILE)
        record((Record){.kind = CREATE, .inode = inode_of(fd)}, NULL, NULL, NULL, 0);
    else if (!was_there)
        record_name(named(CREATE, at, path), path);
    else if ((flags & O_TRUNC) != 0)
        record((Record){.kind = TRUNCATE, .inode = inode_of(fd)}, NULL, NULL, NULL, 0);
}

static int opened(int at, const char* path, int flags, mode_t mode)
{
    if (boot_id && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0)
        path = boot_id;
    if (!(makes(flags) || (flags & O_TRUNC)) || !is_ours_at(at, path))
        return REAL(openat)(at, path, flags, mode);
    if (only_names && (flags & O_TMPFILE) == O_TMPFILE)
    {
        errno = EOPNOTSUPP;
        return -1;
    }
    pthread_mutex_lock(&mutex); /* makes the look and the call one */
    const int was_there = inode_at(at, path) != 0;
    const int fd = REAL(openat)(at, path, flags, mode);
    const int error = errno;
    if (fd >= 0)
        record_opened(fd, at, path, flags, was_there);
    pthread_mutex_unlock(&mutex);
    errno = error;
    return fd;
}

#define OPENED(at, path, flags)                                                                    \
    mode_t mode = 0;                                                                               \
    if (makes(flags))                                                                              \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = va_arg(rest, mode_t);                                                               \
        va_end(rest);                                                                              \
    }                                                                                              \
    return opened(at, path, flags, mode)

int open(const char* path, int flags, ...)
{
    OPENED(AT_FDCWD, path, flags);
}

int open64(const char* path, int flags, ...)
{
    OPENED(AT_FDCWD, path, flags);
}

int openat(int at, const char* path, int flags, ...)
{
    OPENED(at, path, flags);
}

int openat64(int at, const char* path, int flags, ...)
{
    OPENED(at, path, flags);
}

/* How libstdc++ opens a file. */
FILE* fopen64(const char* path, const char* mode)
{
    const int is_boot_id = boot_id && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0;
    return REAL(fopen64)(is_boot_id ? boot_id : path, mode);
}

FILE* fopen(const char* path, const char* mode)
{
    return fopen64(path, mode);
}

/* ---- time */

int clock_gettime(clockid_t clock, struct timespec* time)
{
    const int result = REAL(clock_gettime)(clock, time);
    if (clock == CLOCK_MONOTONIC && clock_speed > 1)
        *time = timespec_of(clock_start + (nanoseconds(*time) - clock_start) * clock_speed);
    return result;
}

/* How libstdc++ waits for a condition until a time. */
int pthread_cond_clockwait(pthread_cond_t* condition,
                           pthread_mutex_t* held,
                           clockid_t clock,
                           const struct timespec* until)
{
    struct timespec real = *until;
    if (clock == CLOCK_MONOTONIC && clock_speed > 1)
        real = timespec_of(clock_start + (nanoseconds(real) - clock_start) / clock_speed);
    return REAL(pthread_cond_clockwait)(condition, held, clock, &real);
}

/* ---- numbers of files */

int fstatat(int at, const char* path, struct stat* status, int flags)
{
    const int result = REAL(fstatat)(at, path, status, flags);
    for (int i = 0; result == 0 && i < inode_count; ++i)
    {
        if (inodes[i].now != status->st_ino)
            continue;
        status->st_ino = inodes[i].then;
        break;
    }
    return result;
}
