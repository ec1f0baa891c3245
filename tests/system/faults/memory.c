/* Covers the calls that get memory. The real ones have their names in glibc, since to look a name up takes memory. */
#include "control.h"

#include <stddef.h>
#include <sys/mman.h>

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

#define COVER_MEMORY(name, parameters, call)                                                       \
    void* name parameters                                                                          \
    {                                                                                              \
        if (step(CALL_##name, #name) == FAIL)                                                      \
        {                                                                                          \
            errno = ENOMEM;                                                                        \
            return NULL;                                                                           \
        }                                                                                          \
        return call;                                                                               \
    }

COVER_MEMORY(malloc, (size_t size), __libc_malloc(size))
COVER_MEMORY(calloc, (size_t count, size_t size), __libc_calloc(count, size))
COVER_MEMORY(realloc, (void* memory, size_t size), __libc_realloc(memory, size))
COVER_MEMORY(aligned_alloc, (size_t alignment, size_t size), __libc_memalign(alignment, size))

COVER(void*,
      MAP_FAILED,
      mmap,
      (void* at, size_t size, int access, int flags, int fd, off_t offset),
      (at, size, access, flags, fd, offset),
      step(CALL_mmap, "mmap"))
COVER(void*,
      MAP_FAILED,
      mmap64,
      (void* at, size_t size, int access, int flags, int fd, off64_t offset),
      (at, size, access, flags, fd, offset),
      step(CALL_mmap, "mmap64"))
