#include "console/ConsoleOutput.h"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>

#include <poll.h>
#include <unistd.h>

namespace mpsmtp::console
{

namespace
{

/// Keeps SIGPIPE from this thread for its lifetime, and takes away the one that a write of ours has
/// caused.
class SigPipeBlock
{
public:
    SigPipeBlock() noexcept
    {
        (void)::sigemptyset(&_pipe);
        (void)::sigaddset(&_pipe, SIGPIPE);
        sigset_t pending;
        (void)::sigpending(&pending);
        _wasPending = ::sigismember(&pending, SIGPIPE) == 1;
        (void)::pthread_sigmask(SIG_BLOCK, &_pipe, &_before);
    }

    SigPipeBlock(const SigPipeBlock&) = delete;
    SigPipeBlock& operator=(const SigPipeBlock&) = delete;

    ~SigPipeBlock()
    {
        const timespec now{};
        if (!_wasPending)
            (void)::sigtimedwait(&_pipe, nullptr, &now);
        (void)::pthread_sigmask(SIG_SETMASK, &_before, nullptr);
    }

private:
    sigset_t _pipe{};
    sigset_t _before{};
    bool _wasPending = false;
};

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
    const SigPipeBlock block;
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
