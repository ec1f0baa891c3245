#include "bench/load/ReplyReader.h"

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] bool isDigit(char octet)
{
    return octet >= '0' && octet <= '9';
}

/// Reply-line = Reply-code [ ( "-" / SP ) textstring ]
[[nodiscard]] int codeOf(std::string_view line)
{
    if (line.size() < 3 || !isDigit(line[0]) || !isDigit(line[1]) || !isDigit(line[2]))
        return 0;
    if (line.size() > 3 && line[3] != ' ' && line[3] != '-')
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

} // namespace

void ReplyReader::add(std::string_view octets)
{
    if (_at == _octets.size())
    {
        _octets.clear();
        _at = 0;
    }
    _octets.append(octets);
}

std::optional<Reply> ReplyReader::next()
{
    for (;;)
    {
        const std::size_t end = _octets.find('\n', _at);
        if (end == std::string::npos)
            return _octets.size() - _at > longestLine ? std::optional<Reply>(Reply{})
                                                      : std::nullopt;
        std::string_view line(_octets.data() + _at, end - _at);
        _at = end + 1;
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
        const int code = codeOf(line);
        if (code == 0 || line.size() == 3 || line[3] == ' ')
            return Reply{code, line};
    }
}

} // namespace mpsmtp::bench
