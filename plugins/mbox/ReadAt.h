// Positioned reads. Thread safety: [any].
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace mpsmtp::mbox
{

/// `count` octets from `offset` on, or fewer where the file ends.
/// \throws std::system_error
[[nodiscard]] std::string readAt(int fd, std::uint64_t offset, std::size_t count);

} // namespace mpsmtp::mbox
