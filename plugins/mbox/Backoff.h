// Waiting for something that cannot be waited for: the locks of other programs. Thread safety:
// [connection].
#pragma once

#include <chrono>

namespace mpsmtp::mbox
{

/// Pauses that grow from 1 ms to 100 ms, until a time is up.
class Backoff
{
public:
    explicit Backoff(std::chrono::milliseconds limit);

    /// Pauses.
    /// \return false, at once, when the time is up
    [[nodiscard]] bool wait();

private:
    const std::chrono::steady_clock::time_point _deadline;
    std::chrono::milliseconds _pause{1};
};

} // namespace mpsmtp::mbox
