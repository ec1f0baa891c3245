// The minimal SMTP server to compare with: a thread for each connection, no limits, no configuration.
// Thread safety: [main]; its threads are its own.
#pragma once

#include "bench/bare/Listening.h"
#include "bench/bare/Mailboxes.h"

#include <condition_variable>
#include <mutex>
#include <set>

namespace mpsmtp::bench
{

class BareServer
{
public:
    /// Listens on 127.0.0.1. \param port 0: any \throws std::system_error
    BareServer(std::uint16_t port, Mailboxes& mailboxes, std::size_t boxes);

    BareServer(const BareServer&) = delete;
    BareServer& operator=(const BareServer&) = delete;
    /// Ends all sessions, where they are, and waits for them.
    ~BareServer();

    [[nodiscard]] std::uint16_t port() const { return _listening.port(); }

    /// Serves until `stop` is readable. \throws std::system_error
    void run(int stop);

private:
    void accept();
    void serve(FileDescriptor socket);

    Mailboxes& _mailboxes;
    const std::size_t _boxes;
    Listening _listening;
    std::mutex _mutex; ///< guards the sockets
    std::condition_variable _ended;
    std::set<int> _sockets;
};

} // namespace mpsmtp::bench
