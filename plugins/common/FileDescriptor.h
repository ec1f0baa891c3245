// Ownership of one POSIX file descriptor.
// Thread safety: [connection].
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

namespace mpsmtp::store
{

/// Closes the descriptor when it goes; -1 is "none".
class FileDescriptor
{
public:
    FileDescriptor() = default;

    explicit FileDescriptor(int fd) noexcept : _fd(fd) {}

    FileDescriptor(FileDescriptor&& other) noexcept : _fd(std::exchange(other._fd, -1)) {}

    FileDescriptor& operator=(FileDescriptor&& other) noexcept
    {
        std::swap(_fd, other._fd);
        return *this;
    }

    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor();

    [[nodiscard]] int get() const noexcept { return _fd; }

    [[nodiscard]] bool isOpen() const noexcept { return _fd >= 0; }

private:
    int _fd = -1;
};

/// Throws std::system_error for `error` (an errno value); its text is "what: path".
[[noreturn]] void throwSystemError(int error, std::string_view what, const std::string& path);

/// Writes all octets, however the kernel cuts them up (short writes, EINTR).
/// \param path  only for the text of the error
/// \throws std::system_error; part of the octets may then be written
void writeAll(int fd, std::string_view octets, const std::string& path);

/// Sets the permission bits, unless they are so already: the umask may have taken some that were
/// asked for.
/// \param path  only for the text of the error
/// \throws std::system_error
void setMode(int fd, mode_t mode, const std::string& path);

} // namespace mpsmtp::store
