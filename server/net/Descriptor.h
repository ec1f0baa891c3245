// Owns a file descriptor. Thread safety: [connection].
#pragma once

#include <utility>

#include <unistd.h>

namespace mpsmtp::net
{

class Descriptor
{
public:
    Descriptor() = default;

    explicit Descriptor(int fd) noexcept : _fd(fd) {}

    Descriptor(Descriptor&& other) noexcept : _fd(other.release()) {}

    Descriptor& operator=(Descriptor&& other) noexcept
    {
        reset(other.release());
        return *this;
    }

    ~Descriptor() { reset(); }

    [[nodiscard]] int get() const noexcept { return _fd; }

    [[nodiscard]] int release() noexcept { return std::exchange(_fd, -1); }

    void reset(int fd = -1) noexcept
    {
        if (_fd >= 0)
            ::close(_fd);
        _fd = fd;
    }

    explicit operator bool() const noexcept { return _fd >= 0; }

private:
    int _fd = -1;
};

} // namespace mpsmtp::net
