#include "mbox/Mboxrd.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace mpsmtp::mbox
{

namespace
{

constexpr std::string_view separator = "From ";

void appendEncoded(std::string& text, std::string_view octets)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : octets)
    {
        const auto octet = static_cast<unsigned char>(c);
        if (octet > 0x20 && octet != 0x7f)
            text += c;
        else
            text.append({'%', digits[octet >> 4U], digits[octet & 0xfU]});
    }
}

/// As asctime(3) writes it, which readers know by its columns; strftime would follow the locale.
std::string timestamp(std::time_t seconds)
{
    constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> months = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    constexpr std::time_t epoch = 0;
    if (gmtime_r(&seconds, &utc) == nullptr)
        (void)gmtime_r(&epoch, &utc);
    std::array<char, 96> text{};
    const int size = std::snprintf(text.data(),
                                   text.size(),
                                   "%s %s %2d %02d:%02d:%02d %d",
                                   days.at(static_cast<std::size_t>(utc.tm_wday)),
                                   months.at(static_cast<std::size_t>(utc.tm_mon)),
                                   utc.tm_mday,
                                   utc.tm_hour,
                                   utc.tm_min,
                                   utc.tm_sec,
                                   utc.tm_year + 1900);
    return {text.data(), static_cast<std::size_t>(size)};
}

} // namespace

std::string fromLine(std::string_view reversePath, std::chrono::system_clock::time_point receivedAt)
{
    std::string line(separator);
    appendEncoded(line, reversePath.empty() ? "MAILER-DAEMON" : reversePath);
    line += ' ';
    line += timestamp(std::chrono::system_clock::to_time_t(receivedAt));
    line += '\n';
    return line;
}

void MboxrdQuoter::write(std::string_view octets)
{
    if (octets.empty())
        return;
    _flushed = 0;
    for (std::size_t at = 0; at < octets.size();)
    {
        if (_atLineStart)
        {
            at = matchLineStart(octets, at);
            continue;
        }
        const std::size_t lineFeed = octets.find('\n', at);
        _atLineStart = lineFeed != std::string_view::npos;
        at = _atLineStart ? lineFeed + 1 : octets.size();
    }
    // A beginning of "From " at the end of the piece waits for the next one.
    const std::size_t undecided = _matched - _heldBack;
    flush(octets, octets.size() - undecided);
    _heldBack = _matched;
    _lineIsEmpty = octets.back() == '\n';
}

/// Looks at one octet of `>*From `; where among the '>' the additional one goes is all the same.
/// \return where to go on
std::size_t MboxrdQuoter::matchLineStart(std::string_view octets, std::size_t at)
{
    if (_matched == 0 && octets[at] == '>')
        return at + 1;
    if (octets[at] != separator[_matched])
    {
        _out.write(separator.substr(0, _heldBack));
        _matched = _heldBack = 0;
        _atLineStart = false;
        return at;
    }
    if (++_matched == separator.size())
    {
        flush(octets, at + 1 - (_matched - _heldBack));
        _out.write(">From ");
        _flushed = at + 1;
        _matched = _heldBack = 0;
        _atLineStart = false;
    }
    return at + 1;
}

/// Passes on what precedes `end` and was not passed on yet.
void MboxrdQuoter::flush(std::string_view octets, std::size_t end)
{
    if (end > _flushed)
        _out.write(octets.substr(_flushed, end - _flushed));
    _flushed = end;
}

void MboxrdQuoter::finish()
{
    _out.write(separator.substr(0, _heldBack));
    if (!_lineIsEmpty)
        _out.write(_lineEnding == store::LineEnding::Crlf ? "\r\n" : "\n");
    _out.write("\n");
}

} // namespace mpsmtp::mbox
