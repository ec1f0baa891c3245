#include "console/ConsoleHandler.h"

#include "common/MessageWriter.h"
#include "console/PeerField.h"
#include "console/TerminalText.h"

#include <algorithm>
#include <mutex>
#include <string_view>

#include <strings.h>
#include <unistd.h>

namespace mpsmtp::console
{

namespace
{

/// Held while a message is written, so that messages never interleave. One for all handlers of this
/// type, since the standard output, which they share, is one for the process.
[[nodiscard]] std::mutex& consoleMutex()
{
    static std::mutex mutex;
    return mutex;
}

/// The way of the content to the output, in pieces: CRLF to LF, X-Peer, escapes for a terminal, and
/// few large writes.
class FullText
{
public:
    FullText(const ConsoleOutput& output, std::string_view peer)
        : _output(output), _peer(peer), _escapes(TerminalText::Form::Lines)
    {
    }

    void line(std::string_view text)
    {
        _out += text;
        _out += '\n';
    }

    void content(const Message& message)
    {
        constexpr std::size_t pieceOctets = std::size_t{16} * 1024;
        for (std::size_t i = 0; i < message.segmentCount(); ++i)
        {
            for (std::string_view rest = message.segment(i); !rest.empty();)
            {
                const std::string_view piece = rest.substr(0, pieceOctets);
                _lines.convert(piece, _converted);
                pass();
                rest.remove_prefix(piece.size());
            }
        }
        _lines.finish(_converted);
        pass();
        _peer.finish(_withPeer);
        escape();
        if (_output.isTerminal())
            _escapes.finish(_out);
    }

    void flush()
    {
        _output.write(_out);
        _out.clear();
    }

private:
    void pass()
    {
        _peer.append(_converted, _withPeer);
        _converted.clear();
        escape();
        constexpr std::size_t fullOctets = std::size_t{32} * 1024;
        if (_out.size() >= fullOctets)
            flush();
    }

    void escape()
    {
        if (_output.isTerminal())
            _escapes.append(_withPeer, _out);
        else
            _out += _withPeer;
        _withPeer.clear();
    }

    const ConsoleOutput& _output;
    store::CrlfToLf _lines;
    PeerField _peer;
    TerminalText _escapes;
    std::string _converted;
    std::string _withPeer;
    std::string _out;
};

[[nodiscard]] std::string recipientList(const Recipients& recipients)
{
    std::string list;
    for (const Recipient recipient : recipients)
    {
        list += list.empty() ? "" : ", ";
        list += asLine(recipient.address());
    }
    return list;
}

/// Unfolded (RFC 5322 2.2.3), without the blank behind the colon.
[[nodiscard]] std::string unfolded(std::string_view value)
{
    std::string out(value.substr(std::min(value.find_first_not_of(" \t\r\n"), value.size())));
    const auto isLineEnd = [](char c) { return c == '\r' || c == '\n'; };
    out.erase(std::remove_if(out.begin(), out.end(), isLineEnd), out.end());
    return out;
}

/// ` subject="…"`, or "" if there is none.
[[nodiscard]] std::string subjectOf(const Message& message)
{
    for (std::size_t i = 0, count = message.headerCount(); i < count; ++i)
    {
        const Header header = message.header(i);
        if (::strcasecmp(std::string(header.name).c_str(), "Subject") == 0)
            return " subject=\"" + asLine(unfolded(header.value)) + "\"";
    }
    return "";
}

} // namespace

ConsoleHandler::ConsoleHandler(const Context& context)
    : ConsoleHandler(context.config.string("format") == "summary" ? Format::Summary : Format::Full,
                     context.config.string("output") == "stderr" ? STDERR_FILENO : STDOUT_FILENO)
{
}

Report ConsoleHandler::deliver(Envelope& envelope, const Recipients& recipients, Message& message)
{
    if (_format == Format::Full)
        showFull(envelope, message);
    else
        showSummary(envelope, recipients, message);
    return {};
}

void ConsoleHandler::showFull(const Envelope& envelope, const Message& message)
{
    FullText text(_output, envelope.session().clientAddress());
    const std::lock_guard<std::mutex> lock(consoleMutex());
    text.line("---------- MESSAGE FOLLOWS ----------");
    text.content(message);
    text.line("------------ END MESSAGE ------------");
    text.flush();
}

void ConsoleHandler::showSummary(const Envelope& envelope,
                                 const Recipients& recipients,
                                 const Message& message)
{
    const std::string line = "to=[" + recipientList(recipients) + "] from=<" +
                             asLine(envelope.reversePath()) +
                             "> size=" + std::to_string(message.size()) + subjectOf(message) + "\n";
    const std::lock_guard<std::mutex> lock(consoleMutex());
    _output.write(line);
}

} // namespace mpsmtp::console
