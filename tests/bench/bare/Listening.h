// A port of 127.0.0.1, for the bare servers.
// Thread safety: [any].
#pragma once

#include "bench/bare/Files.h"

#include <cstdint>

namespace mpsmtp::bench
{

class Listening
{
public:
    /// \param port 0: any \throws std::system_error
    explicit Listening(std::uint16_t port);

    [[nodiscard]] int fd() const noexcept { return _fd.get(); }

    /// \throws std::system_error
    [[nodiscard]] std::uint16_t port() const;

    /// The next client, without delays of small segments. Not open if it is gone again, or if there are no descriptors: then it has
    /// waited a moment, since that passes when a session ends.
    [[nodiscard]] FileDescriptor accept() const;

private:
    FileDescriptor _fd;
};

} // namespace mpsmtp::bench
