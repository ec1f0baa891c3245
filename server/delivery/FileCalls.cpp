// What this is and its thread safety: FileCalls.h.
#include "delivery/FileCalls.h"

#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace mpsmtp::delivery
{

int FileCalls::open(const char* path, int flags, mode_t mode)
{
    return ::open(path, flags, mode);
}

int FileCalls::makeTemporary(char* pathTemplate, int flags)
{
    return ::mkostemp(pathTemplate, flags);
}

int FileCalls::unlink(const char* path)
{
    return ::unlink(path);
}

int FileCalls::makeMemoryFile(const char* name, unsigned flags)
{
    return ::memfd_create(name, flags);
}

ssize_t FileCalls::write(int fd, const char* data, std::size_t size)
{
    return ::write(fd, data, size);
}

void* FileCalls::map(int fd, std::size_t size)
{
    return ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
}

FileCalls& FileCalls::system() noexcept
{
    static FileCalls calls; // stateless, so not a mutable global
    return calls;
}

} // namespace mpsmtp::delivery
