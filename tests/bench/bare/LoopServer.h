// The fastest way to answer that we know of for small messages on few cores: one thread with an event loop, as Postfix's smtp-sink is
// one, without its checks. It can do nothing that blocks, so that no handler could run in it: it says how near a row is to what
// kernel and client leave to reach.
// Thread safety: [main].
#pragma once

#include "bench/bare/Listening.h"
#include "bench/bare/LoopSession.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace mpsmtp::bench
{

class LoopServer
{
public:
    /// Listens on 127.0.0.1. \param port 0: any \throws std::system_error
    explicit LoopServer(std::uint16_t port);

    [[nodiscard]] std::uint16_t port() const { return _listening.port(); }

    /// Serves until `stop` is readable; ends all sessions where they are. \throws std::system_error
    void run(int stop);

private:
    struct Connection
    {
        FileDescriptor socket;
        LoopSession session;
    };

    void watch(int fd);
    void accept();
    void serve(int socket);

    Listening _listening;
    FileDescriptor _epoll;
    std::unordered_map<int, Connection> _connections;
    std::vector<char> _in;
    std::string _out;
};

} // namespace mpsmtp::bench
