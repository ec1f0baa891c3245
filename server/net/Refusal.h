// The last words to a client that gets no session.
// Thread safety: [any].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::net
{

/// Wire form of the refusals, made once: refusing must cost little and must not fail for want of
/// memory.
struct RefusalTexts
{
    explicit RefusalTexts(const std::string& hostname);

    const std::string full;         ///< 421 4.3.2
    const std::string tooMany;      ///< 421 4.7.0
    const std::string shuttingDown; ///< 421 4.3.2
    const std::string internal;     ///< 421 4.3.0
};

/// Sends `reply` and the end of output without ever blocking. The caller closes the descriptor.
void refuse(int fd, std::string_view reply) noexcept;

} // namespace mpsmtp::net
