#include "bench/bare/BareSession.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

#include <strings.h>
#include <sys/socket.h>

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] bool begins(std::string_view line, std::string_view word)
{
    return line.size() >= word.size() && ::strncasecmp(line.data(), word.data(), word.size()) == 0;
}

} // namespace

std::optional<std::size_t> boxOf(std::string_view command, std::size_t boxes)
{
    if (boxes == 0)
        return 0;
    const std::size_t at = command.find("<box");
    if (at == std::string_view::npos)
        return std::nullopt;
    std::size_t box = 0;
    const char* const end = command.data() + command.size();
    const auto [rest, error] = std::from_chars(command.data() + at + 4, end, box);
    const bool isBox = error == std::errc() && rest != end && *rest == '@' && box < boxes;
    return isBox ? std::optional(box) : std::nullopt;
}

void unstuff(std::string& content)
{
    std::size_t to = 0;
    bool isLineBegin = true;
    // Nothing moves before the first dot that is to go: usually there is none.
    std::size_t from = content.empty() || content[0] == '.' ? 0 : content.find("\n.");
    if (from == std::string::npos)
        return;
    for (to = from; from < content.size(); ++from)
    {
        if (!isLineBegin || content[from] != '.')
            content[to++] = content[from];
        isLineBegin = content[from] == '\n';
    }
    content.resize(to);
}

BareSession::BareSession(int socket, Mailboxes& mailboxes, std::size_t boxes)
    : _socket(socket), _mailboxes(mailboxes), _boxes(boxes)
{
}

void BareSession::run()
{
    reply("220 bare.example.com ESMTP");
    while (const std::optional<std::string> command = line())
        if (!perform(*command))
            break;
    (void)flush();
}

/// Everything that was answered goes out before this waits.
bool BareSession::receive()
{
    if (!flush())
        return false;
    if (_at == _in.size())
    {
        _in.clear();
        _at = 0;
    }
    constexpr std::size_t portion = 65536;
    const std::size_t size = _in.size();
    _in.resize(size + portion);
    ssize_t got = -1;
    do
        got = ::recv(_socket, &_in[size], portion, 0);
    while (got < 0 && errno == EINTR);
    _in.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return got > 0;
}

bool BareSession::flush()
{
    std::string_view left = _out;
    while (!left.empty())
    {
        const ssize_t sent = ::send(_socket, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    _out.clear();
    return true;
}

std::optional<std::string> BareSession::line()
{
    for (;;)
    {
        const std::size_t end = _in.find("\r\n", _at);
        if (end != std::string::npos)
        {
            std::string found = _in.substr(_at, end - _at);
            _at = end + 2;
            return found;
        }
        if (_in.size() - _at > longestLine || !receive())
            return std::nullopt;
    }
}

bool BareSession::perform(std::string_view command)
{
    if (begins(command, "EHLO"))
        reply("250-bare.example.com\r\n250-PIPELINING\r\n250 8BITMIME");
    else if (begins(command, "HELO") || begins(command, "NOOP"))
        reply("250 OK");
    else if (begins(command, "MAIL FROM:") && !_hasMail)
    {
        _hasMail = true;
        reply("250 OK");
    }
    else if (begins(command, "RCPT TO:") && _hasMail)
        recipient(command);
    else if (begins(command, "DATA"))
        return data();
    else if (begins(command, "RSET"))
    {
        reset();
        reply("250 OK");
    }
    else if (begins(command, "QUIT"))
    {
        reply("221 bye");
        return false;
    }
    else
        reply("503 not now, or never");
    return true;
}

void BareSession::recipient(std::string_view command)
{
    const std::optional<std::size_t> box = boxOf(command, _boxes);
    if (box)
        _recipients.push_back(*box);
    reply(box ? "250 OK" : "550 no such mailbox");
}

bool BareSession::data()
{
    if (_recipients.empty())
    {
        reply("503 no recipients");
        return true;
    }
    reply("354 go ahead");
    std::optional<std::string> message = content();
    if (!message)
        return false;
    unstuff(*message);
    deliver(*message);
    reset();
    return true;
}

/// All up to the final dot, with the line's end before it; none: the connection is gone.
std::optional<std::string> BareSession::content()
{
    if (_at + 3 > _in.size() && !receive())
        return std::nullopt;
    // The line's end of the DATA command is the one that a dot at the very begin stands behind.
    std::size_t searched = 0;
    for (;;)
    {
        if (_in.compare(_at, 3, ".\r\n") == 0)
        {
            _at += 3;
            return std::string();
        }
        const std::size_t from = searched > 4 ? searched - 4 : 0;
        const std::size_t end = _in.find("\r\n.\r\n", _at + from);
        if (end != std::string::npos)
        {
            std::string found = _in.substr(_at, end + 2 - _at);
            _at = end + 5;
            return found;
        }
        searched = _in.size() - _at;
        if (!receive())
            return std::nullopt;
    }
}

void BareSession::deliver(std::string_view content)
{
    try
    {
        for (const std::size_t box : _recipients)
            _mailboxes.store(box, content);
        reply("250 stored");
    }
    catch (const std::system_error& error)
    {
        reply(std::string("451 ") + error.what());
    }
}

void BareSession::reset()
{
    _hasMail = false;
    _recipients.clear();
}

void BareSession::reply(std::string_view text)
{
    _out.append(text).append("\r\n");
}

} // namespace mpsmtp::bench
