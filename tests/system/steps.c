/* Preloaded into the server: counts the calls that change what lies below one folder, and kills the process at the n-th, or
 * lets it fail. The test decides which one, while the server runs, through a file that both have mapped (test_steps.py).
 * Only calls that a store uses are here: a new one has to be added. Thread safety: any thread may call; the test arms it
 * while the server is idle. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum
{
    KILL_BEFORE = 1, /* the call */
    KILL_WITHIN = 2, /* behind the first half of a write; behind any other call */
    FAIL = 3,        /* with `error`, having done nothing */
    FAIL_WITHIN = 4  /* a write that is cut short, and then a call that fails; any other call works */
};

typedef struct
{
    int64_t at; /* 0: only count */
    int64_t count;
    int32_t action;
    int32_t error;
    int32_t only_names; /* the file system has no files without a name */
    char call[32];      /* which one the n-th was */
} Control;

static Control* control; /* NULL: not in a process of the test */
static const char* folder;

__attribute__((constructor)) static void attach(void)
{
    const char* path = getenv("STEPS_FILE");
    const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    folder = getenv("STEPS_FOLDER");
    if (fd < 0 || !folder)
        return;
    void* memory = mmap(NULL, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory != MAP_FAILED)
        control = memory;
}

static int is_path_ours(const char* path)
{
    return control && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_ours(int fd)
{
    char link[64];
    char path[4096];
    if (!control)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = '\0';
    return is_path_ours(path);
}

static int is_ours_at(int fd, const char* path)
{
    return path[0] == '/' || fd == AT_FDCWD ? is_path_ours(path) : is_ours(fd);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* What shall become of this call: 0, or one of the actions. */
static int step(const char* call)
{
    const int64_t number = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
    if (number != control->at)
        return 0;
    snprintf(control->call, sizeof control->call, "%s", call);
    if (control->action == KILL_BEFORE)
        die();
    return control->action;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A call that either is done or not. */
#define WHOLE(name, ours, ...)                                                                     \
    const int action = (ours) ? step(#name) : 0;                                                   \
    if (action == FAIL)                                                                            \
    {                                                                                              \
        errno = control->error;                                                                    \
        return -1;                                                                                 \
    }                                                                                              \
    const int result = REAL(name)(__VA_ARGS__);                                                    \
    if (action == KILL_WITHIN)                                                                     \
        die();                                                                                     \
    return result

int fsync(int fd)
{
    WHOLE(fsync, is_ours(fd), fd);
}

int fdatasync(int fd)
{
    WHOLE(fdatasync, is_ours(fd), fd);
}

int ftruncate(int fd, off_t size)
{
    WHOLE(ftruncate, is_ours(fd), fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    WHOLE(ftruncate64, is_ours(fd), fd, size);
}

int mkdir(const char* path, mode_t mode)
{
    WHOLE(mkdir, is_path_ours(path), path, mode);
}

int mkdirat(int at, const char* path, mode_t mode)
{
    WHOLE(mkdirat, is_ours_at(at, path), at, path, mode);
}

int link(const char* from, const char* to)
{
    WHOLE(link, is_path_ours(to), from, to);
}

int linkat(int from_at, const char* from, int to_at, const char* to, int flags)
{
    WHOLE(linkat, is_ours_at(to_at, to), from_at, from, to_at, to, flags);
}

int rename(const char* from, const char* to)
{
    WHOLE(rename, is_path_ours(to), from, to);
}

int renameat(int from_at, const char* from, int to_at, const char* to)
{
    WHOLE(renameat, is_ours_at(to_at, to), from_at, from, to_at, to);
}

int unlink(const char* path)
{
    WHOLE(unlink, is_path_ours(path), path);
}

int unlinkat(int at, const char* path, int flags)
{
    WHOLE(unlinkat, is_ours_at(at, path), at, path, flags);
}

/* Opening counts only where it makes a file. */
static int makes(int flags)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

static int opened(int at, const char* path, int flags, mode_t mode)
{
    const int is_unnamed = (flags & O_TMPFILE) == O_TMPFILE;
    if (is_unnamed && is_ours_at(at, path) && control->only_names)
    {
        errno = EOPNOTSUPP;
        return -1;
    }
    WHOLE(openat, makes(flags) && is_ours_at(at, path), at, path, flags, mode);
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

int open(const char* path, int flags, ...)
{
    MODE_OF(flags)
    return opened(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...)
{
    MODE_OF(flags)
    return opened(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char* path, int flags, ...)
{
    MODE_OF(flags)
    return opened(at, path, flags, mode);
}

int openat64(int at, const char* path, int flags, ...)
{
    MODE_OF(flags)
    return opened(at, path, flags, mode);
}

ssize_t write(int fd, const void* octets, size_t size)
{
    const int action = is_ours(fd) ? step("write") : 0;
    if (action == FAIL)
    {
        errno = control->error;
        return -1;
    }
    const int is_cut = action == KILL_WITHIN || action == FAIL_WITHIN;
    const ssize_t written = REAL(write)(fd, octets, is_cut && size > 1 ? size / 2 : size);
    if (action == KILL_WITHIN)
        die();
    if (action == FAIL_WITHIN) /* the rest will be tried next */
    {
        control->at += 1;
        control->action = FAIL;
    }
    return written;
}
