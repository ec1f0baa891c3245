// Where the load goes: an address to connect to, resolved once.
// Thread safety: [any] once made.
#pragma once

#include "common/FileDescriptor.h"

#include <string>

#include <sys/socket.h>

namespace mpsmtp::bench
{

class Target
{
public:
    /// \param text  HOST:PORT, [IPv6]:PORT or unix:PATH
    /// \throws UsageMistake, std::runtime_error if the host has no address
    explicit Target(const std::string& text);

    /// Begins to connect, without waiting. \throws std::system_error if not even that can be done
    [[nodiscard]] store::FileDescriptor connect() const;

private:
    void setUnix(const std::string& path);
    void setInternet(const std::string& text);

    const std::string _text;
    sockaddr_storage _address{};
    socklen_t _size = 0;
};

} // namespace mpsmtp::bench
