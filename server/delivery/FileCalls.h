// The system calls that the spool makes, one virtual function each, so that a test can let any of them fail: a full
// disk, a short write, a signal. Thread safety: [any].
#pragma once

#include <cstddef>

#include <sys/types.h>

namespace mpsmtp::delivery
{

/// Each function is the system call of its name: same arguments, same results, errno set on failure.
class FileCalls
{
public:
    FileCalls() = default;
    FileCalls(const FileCalls&) = delete;
    FileCalls& operator=(const FileCalls&) = delete;
    virtual ~FileCalls() = default;

    [[nodiscard]] virtual int open(const char* path, int flags, mode_t mode);
    [[nodiscard]] virtual int makeTemporary(char* pathTemplate, int flags); ///< mkostemp
    [[nodiscard]] virtual int unlink(const char* path);
    [[nodiscard]] virtual int makeMemoryFile(const char* name, unsigned flags); ///< memfd_create
    [[nodiscard]] virtual ssize_t write(int fd, const char* data, std::size_t size);

    /// mmap of the first `size` octets, read-only.
    [[nodiscard]] virtual void* map(int fd, std::size_t size);

    /// The real ones.
    [[nodiscard]] static FileCalls& system() noexcept;
};

} // namespace mpsmtp::delivery
