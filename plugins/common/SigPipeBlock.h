// A write to a pipe without a reader shall be an error of that write, and not a signal that ends the
// process. What the process does with SIGPIPE elsewhere is not a plugin's to decide.
// Thread safety: [connection]: made and destroyed by the thread that writes.
#pragma once

#include <csignal>
#include <ctime>

namespace mpsmtp::store
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

} // namespace mpsmtp::store
