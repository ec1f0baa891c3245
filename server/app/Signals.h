// The signals that steer the server. They are blocked in every thread and taken out one by one by
// the main thread, so that none ever interrupts a connection or ends the process by its default. A
// child process inherits the mask: whoever forks has to unblock (delivery and plugins, before
// exec).
// Thread safety: [main].
#pragma once

#include <chrono>

namespace mpsmtp::app
{

enum class SignalEvent
{
    Stop,      ///< SIGTERM, SIGINT, SIGQUIT
    Reload,    ///< SIGHUP
    ReopenLog, ///< SIGUSR1
    Timeout    ///< none came
};

/// To be called first in main(), before any thread exists. SIGPIPE is ignored: a client that went
/// away is an error of write(), not the end of the server.
void blockSignals() noexcept;

/// Waits for one of them.
[[nodiscard]] SignalEvent awaitSignal(std::chrono::milliseconds longest) noexcept;

/// From now on SIGTERM, SIGINT and SIGQUIT end the process at once with status 1: for whoever
/// presses Ctrl-C again because the clean way down takes too long. Those of the first half second
/// belong to the first one and are ignored.
void endAtOnceOnNextStop() noexcept;

} // namespace mpsmtp::app
