// See SmtpConnection.h.
#include "net/SmtpConnection.h"

#include <algorithm>

namespace mpsmtp::net
{

namespace
{

/// For a last reply to a client that has used up its time.
constexpr std::chrono::milliseconds lastReplyTimeout(2000);

/// For a client that is still sending when the session is over.
constexpr std::chrono::milliseconds lingerTimeout(500);

/// Only QUIT is answered with 221 (RFC 5321 4.1.1.10): its client has nothing more to say.
[[nodiscard]] bool endsWithGoodbye(std::string_view output)
{
    const std::size_t lastLine = output.size() < 2 ? 0 : output.rfind('\n', output.size() - 2) + 1;
    return output.substr(lastLine, 3) == "221";
}

} // namespace

void SmtpConnection::serve()
{
    if (_watch.isShuttingDown())
        shutDownOnce();
    else
        _dialog.greet();
    converse();
}

void SmtpConnection::converse()
{
    bool connected = true;
    while (connected)
    {
        connected = flush();
        if (_dialog.hasWorkAfterReply())
            workAfterReply(connected);
        else if (_dialog.isClosed())
            break;
        else if (connected)
            connected = read();
    }
    if (connected)
        part();
}

bool SmtpConnection::flush()
{
    const std::string_view output = _dialog.output();
    if (output.empty())
        return true;
    const bool sent = send(output);
    _clientIsDone = _clientIsDone || endsWithGoodbye(output);
    _dialog.clearOutput();
    _answered = true;
    return sent;
}

bool SmtpConnection::send(std::string_view octets)
{
    _watch.wait(Watch::State::Sending, CoarseClock::now() + _sendTimeout);
    const IoStatus status = _transport.send(octets);
    const Interruption interruption = _watch.resume();
    if (interruption == Interruption::TimedOut)
        _counts.timeout(metrics::Timeout::Send);
    if (status == IoStatus::Done)
        _counts.sent(octets.size());
    return interruption == Interruption::None && status == IoStatus::Done;
}

// The message is delivered, whether or not its client has lived to read so: the optional handlers
// get it either way.
void SmtpConnection::workAfterReply(bool clientIsThere)
{
    _dialog.workAfterReply();
    if (clientIsThere)
        _dialog.resume();
}

bool SmtpConnection::read()
{
    const auto now = CoarseClock::now();
    if (_answered || _patience.awaiting() != _dialog.awaiting())
        _patience.begin(_dialog.awaiting(), now);
    _answered = false;

    Interruption interruption = Interruption::None;
    const Received received = receive(_dialog.writable(), interruption);
    if (interruption == Interruption::None)
        return take(received);
    interrupted(interruption);
    return true;
}

Received SmtpConnection::receive(const smtp::Buffer& room, Interruption& interruption)
{
    const bool idle = !_dialog.isInTransaction();
    _watch.wait(idle ? Watch::State::Idle : Watch::State::Reading, _patience.deadline());
    Received received{IoStatus::EndOfInput, 0};
    const bool shuttingDown = _watch.isShuttingDown() && !_toldShutdown;
    if (!shuttingDown)
        received = _transport.receive(room.data, room.size);
    interruption = _watch.resume();
    if (shuttingDown && interruption == Interruption::None)
        interruption = Interruption::ShuttingDown;
    return received;
}

bool SmtpConnection::take(const Received& received)
{
    switch (received.status)
    {
    case IoStatus::Done:
        _counts.received(received.octets);
        _patience.received(received.octets, CoarseClock::now());
        _dialog.received(received.octets);
        return true;
    case IoStatus::EndOfInput:
        _clientIsDone = true;
        _dialog.endOfInput(); // closes; a half-closed client still gets its replies
        return true;
    case IoStatus::Failed:
        break;
    }
    return false;
}

// Octets that came together with the interruption are dropped: no transaction was open, so none is
// lost; the client's command is answered with the 421 (RFC 5321 3.8).
void SmtpConnection::interrupted(Interruption interruption)
{
    if (interruption == Interruption::ShuttingDown)
        return shutDownOnce();
    _counts.timeout(_dialog.awaiting() == smtp::Awaiting::Command ? metrics::Timeout::Command
                                                                  : metrics::Timeout::Data);
    _sendTimeout = std::min(_sendTimeout, lastReplyTimeout);
    _dialog.timeout();
}

void SmtpConnection::shutDownOnce()
{
    if (!_toldShutdown)
        _dialog.shutDown();
    _toldShutdown = true;
    _sendTimeout = std::min(_sendTimeout, lastReplyTimeout);
}

void SmtpConnection::part()
{
    if (!_clientIsDone)
        _transport.finish(lingerTimeout);
}

} // namespace mpsmtp::net
