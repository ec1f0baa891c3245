// Plugin code that runs on the main thread shall not take the server's signals from it: a library that is initialised in
// a constructor may install handlers or block SIGTERM, and the server could then not be stopped.
// Thread safety: [main].
#pragma once

#include <array>
#include <csignal>

namespace mpsmtp::delivery
{

/// Remembers the thread's signal mask and what the server's signals do, and puts both back at the end of its life.
class SignalGuard
{
public:
    SignalGuard() noexcept;
    SignalGuard(const SignalGuard&) = delete;
    SignalGuard& operator=(const SignalGuard&) = delete;
    ~SignalGuard();

private:
    static constexpr std::array<int, 6> signals{SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGPIPE, SIGUSR1};

    sigset_t _mask{};
    std::array<struct sigaction, signals.size()> _actions{};
};

} // namespace mpsmtp::delivery
