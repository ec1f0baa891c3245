// What this is and its thread safety: FuzzSession.h.
#include "fuzz/FuzzSession.h"

#include "smtp/Utf8.h"

namespace mpsmtp::fuzz
{

namespace
{

// Dialog says that output is held back from 8 KiB on; the longest single reply is far below the rest.
constexpr std::size_t mostOutputOctets = 16 * 1024;

smtp::SessionInfo someSession()
{
    smtp::SessionInfo info;
    info.id = 1;
    info.clientAddress = "192.0.2.1";
    info.clientPort = 40000;
    info.listener = "main";
    info.hostname = "mx.test";
    return info;
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isText(std::string_view text)
{
    for (const char c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7F')
            return false;
    return smtp::isValidUtf8(text);
}

/// Without its CRLF.
void checkLine(std::string_view line)
{
    REQUIRE(line.size() >= 3 && line.size() <= 510, shown(line));
    REQUIRE(line[0] >= '2' && line[0] <= '5' && isDigit(line[1]) && isDigit(line[2]), shown(line));
    REQUIRE(line.size() == 3 || line[3] == ' ' || line[3] == '-', shown(line));
    REQUIRE(isText(line), shown(line));
}

} // namespace

std::vector<unsigned> replyCodes(std::string_view replies)
{
    std::vector<unsigned> codes;
    std::string_view begun; // code of a reply whose last line is still to come
    while (!replies.empty())
    {
        const std::size_t end = replies.find("\r\n");
        REQUIRE(end != std::string_view::npos, "reply without CRLF: " + shown(replies));
        const std::string_view line = replies.substr(0, end);
        replies.remove_prefix(end + 2);
        checkLine(line);
        const std::string_view code = line.substr(0, 3);
        REQUIRE(begun.empty() || begun == code, "two codes in one reply: " + shown(line));
        begun = line.substr(3, 1) == "-" ? code : std::string_view();
        if (begun.empty())
            codes.push_back(static_cast<unsigned>(std::stoul(std::string(code))));
    }
    REQUIRE(begun.empty(), "a reply without its last line");
    return codes;
}

FuzzSession::FuzzSession(const smtp::SessionOptions& options, const SinkOptions& sinkOptions)
    : _options(options), _sink(sinkOptions), _dialog(_options, someSession(), _sink)
{
    _dialog.greet();
    pump();
}

void FuzzSession::feed(const Pieces& pieces)
{
    for (const std::string_view piece : pieces)
    {
        if (_dialog.isClosed())
            return;
        _dialog.feed(piece);
        pump();
    }
}

void FuzzSession::endOfInput()
{
    _dialog.endOfInput();
    pump();
    REQUIRE(_dialog.isClosed(), "open behind the end of the input");
}

void FuzzSession::shutDown()
{
    _dialog.shutDown();
    pump();
}

void FuzzSession::timeout()
{
    _dialog.timeout();
    pump();
    REQUIRE(_dialog.isClosed(), "open behind its deadline");
}

void FuzzSession::pump()
{
    while (true)
    {
        REQUIRE(_dialog.output().size() <= mostOutputOctets, "much output at once");
        _replies += _dialog.output();
        _dialog.clearOutput();
        if (!_dialog.hasWorkAfterReply())
            return;
        _dialog.workAfterReply();
        _dialog.resume();
    }
}

} // namespace mpsmtp::fuzz
