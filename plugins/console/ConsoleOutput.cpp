#include "console/ConsoleOutput.h"

#include "common/SigPipeBlock.h"

#include <cerrno>
#include <system_error>

#include <poll.h>
#include <unistd.h>

namespace mpsmtp::console
{

namespace
{

[[noreturn]] void fail(int error)
{
    throw std::system_error(error, std::generic_category(), "cannot write to the console");
}

} // namespace

ConsoleOutput::ConsoleOutput(int fd, std::chrono::milliseconds patience) noexcept
    : _fd(fd), _patience(patience), _isTerminal(::isatty(fd) == 1)
{
}

void ConsoleOutput::write(std::string_view octets) const
{
    const store::SigPipeBlock block;
    while (!octets.empty())
    {
        const ssize_t written = ::write(_fd, octets.data(), octets.size());
        if (written >= 0)
            octets.remove_prefix(static_cast<std::size_t>(written));
        else if (errno == EAGAIN)
            waitUntilWritable();
        else if (errno != EINTR)
            fail(errno);
    }
}

/// Someone else may have made the terminal non-blocking: it is shared with the shell's other
/// programs.
void ConsoleOutput::waitUntilWritable() const
{
    pollfd output{_fd, POLLOUT, 0};
    const int ready = ::poll(&output, 1, static_cast<int>(_patience.count()));
    if (ready == 0)
        fail(ETIMEDOUT);
    if (ready < 0 && errno != EINTR)
        fail(errno);
}

} // namespace mpsmtp::console
