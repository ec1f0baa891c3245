#include "bench/bare/LoopSession.h"

#include <algorithm>

#include <strings.h>

namespace mpsmtp::bench
{

namespace
{

constexpr std::string_view lineEnd = "\r\n";
constexpr std::string_view finalDot = "\r\n.\r\n";

[[nodiscard]] bool is(std::string_view line, std::string_view verb)
{
    return line.size() >= verb.size() && ::strncasecmp(line.data(), verb.data(), verb.size()) == 0;
}

} // namespace

/// Mostly there is nothing left of the last time, and nothing is copied.
bool LoopSession::feed(std::string_view octets, std::string& out)
{
    std::string_view left = _rest.empty() ? octets : std::string_view(_rest.append(octets));
    while (!_isOver)
    {
        const std::size_t taken = take(left, out);
        left.remove_prefix(taken);
        if (taken == 0)
            break;
    }
    _rest = std::string(left);
    return !_isOver;
}

/// \return how many octets are done with; 0: more are needed
std::size_t LoopSession::take(std::string_view octets, std::string& out)
{
    return _isData ? takeData(octets, out) : takeCommand(octets, out);
}

/// The end of the DATA line stays: a final dot may stand right behind it.
std::size_t LoopSession::takeCommand(std::string_view octets, std::string& out)
{
    const std::size_t end = octets.find(lineEnd);
    if (end == std::string_view::npos)
        return 0;
    _isData = is(octets, "DATA");
    _isOver = is(octets, "QUIT");
    if (is(octets, "EHLO"))
        out += "250-loop.example.com\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
    else
        out += _isData ? "354 go ahead\r\n" : _isOver ? "221 bye\r\n" : "250 OK\r\n";
    return _isData ? end : end + lineEnd.size();
}

std::size_t LoopSession::takeData(std::string_view octets, std::string& out)
{
    const std::size_t end = octets.find(finalDot);
    if (end == std::string_view::npos) // its first octets may be the last that have come
        return octets.size() - std::min(octets.size(), finalDot.size() - 1);
    _isData = false;
    out += "250 thrown away\r\n";
    return end + finalDot.size();
}

} // namespace mpsmtp::bench
