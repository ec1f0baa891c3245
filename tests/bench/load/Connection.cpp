#include "bench/load/Connection.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] bool mustWait(int error)
{
    return error == EAGAIN || error == EINTR || error == ENOTCONN;
}

} // namespace

Connection::Connection(const Target& target, ClientSession session, Tally& tally)
    : _tally(tally), _session(std::move(session)), _fd(target.connect())
{
}

Connection::State Connection::onReady()
{
    const State state = receive();
    return state == State::Open ? flush() : state;
}

Connection::State Connection::receive()
{
    for (;;)
    {
        std::array<char, 4096> buffer; // not cleared: this is the loop that must cost nothing
        const ssize_t got = ::recv(_fd.get(), buffer.data(), buffer.size(), 0);
        if (got < 0)
            return mustWait(errno) ? State::Open : lose(std::strerror(errno));
        if (got == 0)
            return lose("closed by the server");
        _replies.add({buffer.data(), static_cast<std::size_t>(got)});
        const State state = answer();
        // A short read has emptied the socket.
        if (state != State::Open || static_cast<std::size_t>(got) < buffer.size())
            return state;
    }
}

Connection::State Connection::answer()
{
    const Clock::time_point now = Clock::now();
    const bool wasGreeted = _session.isGreeted();
    while (const std::optional<Reply> reply = _replies.next())
        if (!_session.onReply(*reply, now))
            return lose("unexpected reply: " + std::string(reply->line));
    if (!wasGreeted && _session.isGreeted())
        _tally.greeting.record(now - _begin);
    _lastReply = now;
    return _session.isDone() ? State::Done : State::Open;
}

Connection::State Connection::flush()
{
    Output& output = _session.output();
    if (output.isEmpty())
        return State::Open;
    do
    {
        msghdr message{};
        const std::vector<iovec>& pieces = output.pieces();
        message.msg_iov = const_cast<iovec*>(pieces.data()); // sendmsg() does not write there
        message.msg_iovlen = pieces.size();
        const ssize_t sent = ::sendmsg(_fd.get(), &message, MSG_NOSIGNAL);
        if (sent < 0)
            return mustWait(errno) ? State::Open : lose(std::strerror(errno));
        output.consume(static_cast<std::size_t>(sent));
        _lastReply = Clock::now(); // a server that takes octets is alive
    } while (!output.isEmpty());
    _session.onFlushed(_lastReply);
    return State::Open;
}

Connection::State Connection::lose(std::string why)
{
    _why = std::move(why);
    return State::Lost;
}

} // namespace mpsmtp::bench
