// Dates as they stand in header fields (RFC 5322 3.3). Thread safety: [any] (pure functions).
#pragma once

#include <chrono>
#include <string>

namespace mpsmtp::smtp
{

/// "Thu, 1 Jan 1970 00:00:00 +0000" (RFC 5322 3.3), always in UTC, whatever the locale.
[[nodiscard]] std::string rfc5322Date(std::chrono::system_clock::time_point time);

} // namespace mpsmtp::smtp
