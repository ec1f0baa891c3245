// Keeps a fault that repeats a thousand times a second from filling the log: the first few of each
// period are logged, then their number.
// Thread safety: [any].
#pragma once

#include "net/CoarseClock.h"

#include <initializer_list>
#include <mutex>
#include <string_view>

namespace mpsmtp::net
{

class LogLimit
{
public:
    /// Logs `parts`, put together, as an error of logger "net", or counts it.
    /// \param errorNumber 0, or an errno whose text is added
    void error(std::initializer_list<std::string_view> parts, int errorNumber = 0) noexcept;

    void error(std::string_view text, int errorNumber = 0) noexcept { error({text}, errorNumber); }

private:
    /// \return how many were suppressed before this one, or -1 to suppress this one too
    [[nodiscard]] long admit(CoarseClock::time_point now);

    std::mutex _mutex;
    CoarseClock::time_point _periodEnd; // guarded by _mutex, as are the counts
    unsigned _logged = 0;
    long _suppressed = 0;
};

/// Sends what POCO's threads catch to the log; without it they swallow everything. For the whole
/// process, for good.
void logPocoErrors();

} // namespace mpsmtp::net
