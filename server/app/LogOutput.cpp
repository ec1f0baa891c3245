// What this is and its thread safety: LogOutput.h.
#include "app/LogOutput.h"

#include <cerrno>
#include <climits>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

constexpr mode_t logFileMode = 0640;

/// O_NONBLOCK changes nothing for a file. A named pipe without a reader would hold up open(2) itself, for ever and with the
/// signals blocked.
int openLog(const std::string& path)
{
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    const int descriptor = ::open(path.c_str(), flags, logFileMode);
    if (descriptor >= 0)
        return descriptor;
    const int error = errno;
    const char* const hint = error == ENXIO ? ": it is a pipe that nobody reads" : "";
    throw std::system_error(
        error, std::generic_category(), "cannot open the log file " + path + hint);
}

bool isWritable(int descriptor, std::chrono::milliseconds patience) noexcept
{
    pollfd output{descriptor, POLLOUT, 0};
    return ::poll(&output, 1, static_cast<int>(patience.count())) > 0;
}

} // namespace

LogOutput::LogOutput() : _descriptor(STDERR_FILENO)
{
    openStandardError();
}

LogOutput::LogOutput(const std::string& path) : _path(path), _descriptor(openLog(path)) {}

LogOutput::~LogOutput()
{
    finish();
    if (_descriptor != STDERR_FILENO)
        ::close(_descriptor);
}

/// O_NONBLOCK on the descriptor itself would hold for all programs that share it, a shell among them.
void LogOutput::openStandardError() noexcept
{
    struct stat status = {};
    if (::fstat(STDERR_FILENO, &status) != 0 || S_ISREG(status.st_mode))
        return;
    if (S_ISSOCK(status.st_mode))
    {
        _kind = Kind::Socket;
        return;
    }
    const int own = ::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (own >= 0)
        _descriptor = own;
    else // another user's pipe, or no /proc
        _kind = Kind::Guarded;
}

int LogOutput::write(std::string_view line)
{
    return patiently(
        _mutex,
        _stall,
        [&] { return putLine(line); },
        [&](std::chrono::milliseconds patience) { (void)isWritable(_descriptor, patience); });
}

/// \return 0: it is written, or will be as far as it is not
int LogOutput::putLine(std::string_view line)
{
    std::string_view rest = _rest;
    const int error = put(rest);
    _rest.erase(0, _rest.size() - rest.size());
    if (error != 0)
        return error;
    const std::size_t size = line.size();
    const int lineError = put(line);
    if (line.size() == size)
        return lineError;
    _rest = line;
    return 0;
}

/// Takes off `octets` what was written.
int LogOutput::put(std::string_view& octets) noexcept
{
    while (!octets.empty())
    {
        std::size_t written = 0;
        if (const int error = putOnce(octets, written); error != 0)
            return error;
        octets.remove_prefix(written);
    }
    return 0;
}

int LogOutput::putOnce(std::string_view octets, std::size_t& written) noexcept
{
    if (_kind == Kind::Guarded)
    {
        if (!isWritable(_descriptor, std::chrono::milliseconds(0)))
            return EAGAIN;
        octets = octets.substr(0, PIPE_BUF); // for so many there is room in a writable pipe
    }
    const ssize_t count =
        _kind == Kind::Socket
            ? ::send(_descriptor, octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
            : ::write(_descriptor, octets.data(), octets.size());
    written = count < 0 ? 0 : static_cast<std::size_t>(count);
    return count >= 0 || errno == EINTR ? 0 : errno;
}

void LogOutput::finish() noexcept
{
    const std::lock_guard lock(_mutex);
    (void)putLine({});
}

int LogOutput::reopen()
{
    if (_path.empty())
        return 0;
    const int fresh = openLog(_path);
    int error = 0;
    int restError = 0;
    {
        const std::lock_guard lock(_mutex);
        std::string_view rest = _rest;
        restError =
            put(rest); // the last chance of the old file: half a line has no place in the new one
        error = ::dup3(fresh, _descriptor, O_CLOEXEC) < 0 ? errno : 0;
        _rest.clear();
    }
    ::close(fresh);
    if (error != 0)
        throw std::system_error(error, std::generic_category(), "cannot reopen the log " + _path);
    return restError;
}

} // namespace mpsmtp::app
