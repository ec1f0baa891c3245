// Connections that are greeted and then say nothing while a run goes on.
// Thread safety: [main].
#pragma once

#include "bench/load/Target.h"

#include <chrono>
#include <cstdint>
#include <vector>

namespace mpsmtp::bench
{

class IdleCrowd
{
public:
    /// Opens them, some at a time, and waits for each one's greeting.
    /// \throws std::runtime_error or std::system_error if one is not greeted in `timeout`
    IdleCrowd(const Target& target, std::uint64_t connections, std::chrono::seconds timeout);

    /// Connections that the server has closed or spoken to since.
    [[nodiscard]] std::uint64_t lost() const;

private:
    /// Fewer than a server's backlog usually holds.
    static constexpr std::uint64_t atOnce = 64;

    void greetFrom(std::size_t first, std::chrono::seconds timeout) const;

    std::vector<store::FileDescriptor> _connections;
};

/// Raises the limit of open descriptors to what this process may have.
void allowManyDescriptors();

} // namespace mpsmtp::bench
