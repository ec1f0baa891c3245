/* See control.h. The test's file is mapped when the library is loaded, by every process that inherits the environment. */
#include "control.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CALL_NAME(name) #name "\0"

Control* control;
static const char* folder;
static const char names[] = CALLS(CALL_NAME);

_Static_assert(sizeof names <= sizeof((Control*)0)->names, "the names do not fit");
_Static_assert(sizeof(Control) <= 4096, "the test maps one page");

__attribute__((constructor)) static void attach(void)
{
    const char* path = getenv("FAULTS_FILE");
    const int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    folder = getenv("FAULTS_FOLDER");
    if (fd < 0 || !folder)
        return;
    void* memory = mmap(NULL, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (memory == MAP_FAILED)
        return;
    control = memory;
    memcpy(control->names, names, sizeof names);
}

int is_path_ours(const char* path)
{
    return control && strncmp(path, folder, strlen(folder)) == 0;
}

int is_ours(int fd)
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

int is_ours_at(int fd, const char* path)
{
    return path[0] == '/' || fd == AT_FDCWD ? is_path_ours(path) : is_ours(fd);
}

int counts_changes(void)
{
    return control && control->call == CALL_changes;
}

void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

void linger(int fd)
{
    const int milliseconds = control ? control->slow_milliseconds : 0;
    if (milliseconds == 0 || !is_ours(fd))
        return;
    __atomic_add_fetch(&control->slow_calls, 1, __ATOMIC_SEQ_CST);
    const struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

/* For whoever looks for a mistake: FAULTS_TRACE says where each call was that failed (addr2line tells the lines). */
static void show_caller(void)
{
    void* frames[40];
    if (getenv("FAULTS_TRACE"))
        backtrace_symbols_fd(frames, backtrace(frames, 40), STDERR_FILENO);
}

static enum Action take(enum Call call, const char* name)
{
    if (control->call != (int)call)
        return NOTHING;
    const int64_t number = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
    if (number != control->at)
        return NOTHING;
    strncpy(control->hit, name, sizeof control->hit - 1);
    show_caller();
    if (control->action == KILL_BEFORE)
        die();
    return (enum Action)control->action;
}

enum Action step(enum Call call, const char* name)
{
    if (!control)
        return NOTHING;
    __atomic_add_fetch(&control->counts[call], 1, __ATOMIC_RELAXED);
    return take(call, name);
}

enum Action change(enum Call call, const char* name, int is_ours)
{
    const enum Action action = step(call, name);
    return action == NOTHING && is_ours ? take(CALL_changes, name) : action;
}

void fail_next(void)
{
    control->at += 1;
    control->action = FAIL;
}
