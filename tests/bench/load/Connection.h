// One connection of a worker: moves octets between a socket that never blocks and a ClientSession.
// Thread safety: [one thread].
#pragma once

#include "bench/load/ClientSession.h"
#include "bench/load/Target.h"

namespace mpsmtp::bench
{

class Connection
{
public:
    enum class State
    {
        Open,
        Done, ///< the 221 has come
        Lost  ///< `why()` says why
    };

    /// Begins to connect. \throws std::system_error
    Connection(const Target& target, ClientSession session, Tally& tally);

    /// The socket is readable or writable, or was not looked at yet. Edge-triggered: does all that can be done.
    [[nodiscard]] State onReady();

    /// Call when it is lost or timed out: counts what it had on its way.
    void giveUp(std::string_view why) { _session.onLost(why); }

    [[nodiscard]] int fd() const { return _fd.get(); }

    [[nodiscard]] const std::string& why() const { return _why; }

    [[nodiscard]] Clock::time_point lastReply() const { return _lastReply; }

private:
    [[nodiscard]] State receive();
    [[nodiscard]] State answer();
    [[nodiscard]] State flush();
    [[nodiscard]] State lose(std::string why);

    Tally& _tally;
    ClientSession _session;
    ReplyReader _replies;
    Clock::time_point _begin = Clock::now();
    Clock::time_point _lastReply = _begin;
    std::string _why;
    store::FileDescriptor _fd;
};

} // namespace mpsmtp::bench
