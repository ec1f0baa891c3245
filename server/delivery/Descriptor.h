// Owner of a POSIX file descriptor. Thread safety: [connection].
#pragma once

#include <utility>

#include <unistd.h>

namespace mpsmtp::delivery
{

/// Closes its descriptor at the end of its life. Empty: -1.
class Descriptor
{
public:
    Descriptor() = default;

    /// Takes over `fd`; a negative one makes it empty.
    explicit Descriptor(int fd) noexcept : _fd(fd) {}

    Descriptor(Descriptor&& other) noexcept : _fd(other.release()) {}

    Descriptor& operator=(Descriptor&& other) noexcept
    {
        reset(other.release());
        return *this;
    }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    ~Descriptor() { reset(); }

    [[nodiscard]] int get() const noexcept { return _fd; }

    [[nodiscard]] bool isOpen() const noexcept { return _fd >= 0; }

    /// The descriptor is the caller's from now on.
    [[nodiscard]] int release() noexcept { return std::exchange(_fd, -1); }

    void reset(int fd = -1) noexcept
    {
        // close() frees the descriptor even when EINTR interrupts it (Linux), so it is never repeated.
        if (const int old = std::exchange(_fd, fd); old >= 0)
            ::close(old);
    }

private:
    int _fd = -1;
};

} // namespace mpsmtp::delivery
