// See Dialog.h. What Session expects next decides how octets are read; the loop is in process().
#include "smtp/Dialog.h"

#include "smtp/Command.h"
#include "smtp/Replies.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace mpsmtp::smtp
{

namespace
{

// Room for a command line and for several pipelined ones; for clients that need it (InputBuffer.h).
constexpr std::size_t inputOctets = 4096;

// Room for a greeting, for an answer to EHLO and for those to a pipelined envelope. Taken at once: growing to it by and
// by would leave as much unused memory behind, at every idle connection.
constexpr std::size_t firstOutputOctets = 255;

// Replies are collected up to here before they have to be sent. Without a bound a client that pipelines thousands of
// HELPs could make the server hold all the answers; this small, the string's memory stays below 16 KiB.
constexpr std::size_t outputOctets = 8192;

// The output gives memory above this back when it has been sent.
constexpr std::size_t keptOutputOctets = 16 * 1024;

// DataDecoder leaves at most this many octets undecided.
constexpr std::size_t maxUndecidedOctets = 2;

} // namespace

Dialog::Dialog(const SessionOptions& options, SessionInfo info, MessageSink& sink)
    : _sink(sink),
      _input(std::max(inputOctets, options.maxLineOctets)),
      _lines(options.maxLineOctets),
      _session(options, std::move(info), sink, _output)
{
    _output.reserve(firstOutputOctets);
}

Dialog::~Dialog()
{
    if (_observer)
        tellOutput();
    try
    {
        // The client may have gone before it got its reply. The mail is ours all the same, for optional handlers too.
        if (_hasSinkWork)
            _sink.replied();
    }
    catch (...) // NOLINT(bugprone-empty-catch): nobody is left to be told
    {
    }
}

void Dialog::greet()
{
    _session.greet();
}

Buffer Dialog::writable()
{
    _lent = roomInSink();
    return _lent.size == 0 ? _input.room()
                           : Buffer{_lent.data + _input.size(), _lent.size - _input.size()};
}

/// Room in the sink's own buffer with the undecided octets in front, or size 0 if the next octets do not go there alone.
Buffer Dialog::roomInSink()
{
    if (!awaitsOctetsForSink())
        return {nullptr, 0};
    Buffer room = _session.data().room();
    if (room.size <= _input.size())
        return {nullptr, 0};
    if (_session.expected() == Expected::Chunk)
        room.size =
            static_cast<std::size_t>(std::min<std::uint64_t>(room.size, _session.chunkOctets()));
    std::memcpy(room.data, _input.data(), _input.size());
    return room;
}

bool Dialog::awaitsOctetsForSink() const noexcept
{
    if (hasWorkAfterReply())
        return false;
    if (_session.expected() == Expected::MailData)
        return _input.size() <= maxUndecidedOctets;
    // A short chunk is better received together with the commands behind it: one recv instead of two.
    return _session.expected() == Expected::Chunk && _input.isEmpty() &&
           _session.chunkOctets() >= _input.usualCapacity();
}

void Dialog::received(std::size_t count)
{
    if (_lent.size == 0)
        _input.filled(count);
    else
        receivedInSink(count);
    process();
}

void Dialog::receivedInSink(std::size_t count)
{
    if (_session.expected() == Expected::MailData)
        return decodeInSink(_input.size() + count);
    _session.data().wroteInPlace(_lent, count);
    if (_observer)
        tellMailData(count);
    _session.chunkReceived(count);
    noteWorkAfterReply();
}

void Dialog::decodeInSink(std::size_t size)
{
    const DataDecoder::Result result = _decoder.decode(_lent.data, size);
    _input.clear();
    // First of all: the sink may do with its buffer what it likes once it has been told of the rest.
    _input.append({_lent.data + result.consumed, size - result.consumed});
    _session.data().wroteInPlace(_lent, result.kept);
    if (_observer)
        tellMailData(result.kept);
    if (result.ended)
        endMailData();
}

void Dialog::feed(std::string_view octets)
{
    while (!octets.empty() && !isClosed())
    {
        const Buffer room = writable();
        const std::size_t count = std::min(room.size, octets.size());
        std::memcpy(room.data, octets.data(), count);
        received(count);
        octets.remove_prefix(count);
    }
}

void Dialog::process()
{
    while (mayGoOn() && processNext())
    {
    }
    if (_inputEnded && !isClosed() && !hasWorkAfterReply())
        _session.abandon();
    if (isClosed())
        _input.clear(); // nothing behind a QUIT, a 421 or an HTTP request is ever executed
}

bool Dialog::mayGoOn()
{
    if (isClosed() || hasWorkAfterReply())
        return false;
    if (_isStopping && !_session.isInTransaction())
        _session.close(replies::shuttingDown);
    else if (_output.size() >= outputOctets && !_input.isEmpty())
        _isOutputFull = true;
    else
        return true;
    return false;
}

bool Dialog::processNext()
{
    switch (_session.expected())
    {
    case Expected::Command:
        return processCommand();
    case Expected::MailData:
        return processMailData();
    case Expected::Chunk:
        return processChunk();
    case Expected::Nothing:
        break;
    }
    return false;
}

bool Dialog::processCommand()
{
    if (_isUntouched && looksLikeTlsHello(_input.octets()))
    {
        _session.close(replies::tlsHello);
        return false;
    }
    const LineSplitter::Result result = _lines.next(_input.octets());
    if (result.status == LineSplitter::Status::Line)
        execute(result.line);
    else if (result.status == LineSplitter::Status::TooLong)
    {
        _isUntouched = false; // what follows is the rest of the line
        if (_observer)
            tellLine(result.line);
        _session.refuseLongLine(result.line);
    }
    else if (result.status == LineSplitter::Status::Endless)
        _session.close(replies::endlessLine);
    _input.consume(result.consumed);
    return result.status != LineSplitter::Status::Incomplete;
}

void Dialog::execute(std::string_view line)
{
    _isUntouched = false;
    if (_observer)
        tellLine(line);
    _session.execute(line);
    if (_session.expected() == Expected::MailData)
        _decoder.reset();
    noteWorkAfterReply(); // a BDAT 0 LAST completes a message
}

/// Mail data that came together with commands.
bool Dialog::processMailData()
{
    const DataDecoder::Result result = _decoder.decode(_input.data(), _input.size());
    _session.data().write({_input.data(), result.kept});
    if (_observer)
        tellMailData(result.kept);
    _input.consume(result.consumed);
    if (result.ended)
        endMailData();
    return result.ended;
}

void Dialog::endMailData()
{
    _session.endMailData();
    noteWorkAfterReply();
}

bool Dialog::processChunk()
{
    const std::uint64_t count = std::min<std::uint64_t>(_session.chunkOctets(), _input.size());
    if (count == 0)
        return false;
    _session.data().write(_input.octets().substr(0, static_cast<std::size_t>(count)));
    _input.consume(static_cast<std::size_t>(count));
    if (_observer)
        tellMailData(count);
    _session.chunkReceived(count);
    noteWorkAfterReply();
    return true;
}

void Dialog::tellLine(std::string_view line)
{
    tellOutput();
    _observer->clientLine(line);
}

void Dialog::tellMailData(std::uint64_t octets)
{
    tellOutput();
    _observer->mailData(octets);
}

/// Each reply is told before the next line of the client, and at the latest when it has been sent.
void Dialog::tellOutput()
{
    const std::string_view fresh = std::string_view(_output).substr(_toldOutput);
    if (!fresh.empty())
        _observer->serverText(fresh);
    _toldOutput = _output.size();
}

void Dialog::endOfInput()
{
    _inputEnded = true;
    process();
}

void Dialog::timeout()
{
    if (!isClosed())
        _session.close(replies::timedOut);
}

void Dialog::shutDown()
{
    _isStopping = true;
    process();
}

std::string_view Dialog::output() const noexcept
{
    return _output;
}

void Dialog::clearOutput()
{
    if (_observer)
        tellOutput();
    _toldOutput = 0;
    _output.clear();
    if (_output.capacity() > keptOutputOctets)
        _output.shrink_to_fit();
}

bool Dialog::hasWorkAfterReply() const noexcept
{
    return _hasSinkWork || _isOutputFull;
}

void Dialog::workAfterReply()
{
    _isOutputFull = false;
    if (std::exchange(_hasSinkWork, false))
        _sink.replied();
}

void Dialog::resume()
{
    process();
}

bool Dialog::isClosed() const noexcept
{
    return _session.expected() == Expected::Nothing;
}

bool Dialog::isInTransaction() const noexcept
{
    return _session.isInTransaction();
}

Awaiting Dialog::awaiting() const noexcept
{
    const Expected expected = _session.expected();
    return expected == Expected::MailData || expected == Expected::Chunk ? Awaiting::MailData
                                                                         : Awaiting::Command;
}

} // namespace mpsmtp::smtp
