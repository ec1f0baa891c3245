// What this is and its thread safety: Signals.h.
#include "app/Signals.h"

#include "app/ExitStatus.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <string_view>

#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

constexpr std::array<int, 3> stopSignals{SIGTERM, SIGINT, SIGQUIT};
constexpr std::array<int, 2> reloadSignals{SIGHUP, SIGUSR1};

template <class Numbers>
void add(sigset_t& set, const Numbers& numbers) noexcept
{
    for (const int number : numbers)
        ::sigaddset(&set, number);
}

sigset_t awaitedSignals() noexcept
{
    sigset_t set;
    ::sigemptyset(&set);
    add(set, stopSignals);
    add(set, reloadSignals);
    return set;
}

/// Programs such as timeout(1) signal the process and then its whole group, so that one wish to
/// stop arrives twice.
constexpr std::int64_t sameWishMilliseconds = 500;

/// A mutable global, since a signal handler has nothing else to look at. Set before
/// the handler is.
std::atomic<std::int64_t> stopBegan{0};
static_assert(std::atomic<std::int64_t>::is_always_lock_free, "used by a signal handler");

std::int64_t monotonicMilliseconds() noexcept
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// Only what is safe in a signal handler.
void endAtOnce(int) noexcept
{
    if (monotonicMilliseconds() - stopBegan < sameWishMilliseconds)
        return;
    constexpr std::string_view text = "mpsmtpd: ended at once by a second signal\n";
    (void)!::write(STDERR_FILENO, text.data(), text.size());
    ::_exit(exitKilled);
}

} // namespace

void blockSignals() noexcept
{
    const sigset_t set = awaitedSignals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, nullptr);
    // A file at the limit of size (RLIMIT_FSIZE) is an error of write(2), and a 452, not the end of the server.
    ::sigaction(SIGXFSZ, &ignore, nullptr);
}

SignalEvent awaitSignal(std::chrono::milliseconds longest) noexcept
{
    const sigset_t set = awaitedSignals();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
    const timespec wait{static_cast<time_t>(seconds.count()),
                        static_cast<long>((longest - seconds).count()) * 1'000'000};
    switch (::sigtimedwait(&set, nullptr, &wait))
    {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
        return SignalEvent::Stop;
    case SIGHUP:
        return SignalEvent::Reload;
    case SIGUSR1:
        return SignalEvent::ReopenLog;
    default:
        return SignalEvent::Timeout; // or EINTR by SIGCONT after a stop: the caller comes again
    }
}

void endAtOnceOnNextStop() noexcept
{
    stopBegan = monotonicMilliseconds();
    struct sigaction end = {};
    end.sa_flags = SA_RESTART;
    end.sa_handler = &endAtOnce;
    sigset_t set;
    ::sigemptyset(&set);
    add(set, stopSignals);
    for (const int number : stopSignals)
        ::sigaction(number, &end, nullptr);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

} // namespace mpsmtp::app
