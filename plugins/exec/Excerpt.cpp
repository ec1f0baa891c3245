#include "exec/Excerpt.h"

#include <algorithm>

namespace mpsmtp::exec
{

void Excerpt::add(std::string_view octets)
{
    if (!_isFirstWhole)
    {
        const auto end = std::min(octets.find('\n'), octets.size());
        _first += octets.substr(0, std::min(end, mostFirst - _first.size()));
        _isFirstWhole = end < octets.size() || _first.size() == mostFirst;
        if (_isFirstWhole && !_first.empty() && _first.back() == '\r')
            _first.pop_back();
    }
    _isCut = _isCut || _last.size() + octets.size() > 2 * mostLast;
    _last += octets.substr(octets.size() - std::min(octets.size(), mostLast));
    if (_last.size() > 2 * mostLast)
        _last.erase(0, _last.size() - mostLast);
}

std::string Excerpt::lastLines() const
{
    const auto end = _last.find_last_not_of("\r\n");
    std::string_view text = std::string_view(_last).substr(0, end + 1); // npos + 1 is 0
    if (_isCut || text.size() > mostLast)
    {
        text.remove_prefix(text.size() - std::min(text.size(), mostLast));
        const auto line = text.find('\n');
        text.remove_prefix(line == std::string_view::npos ? 0 : line + 1);
    }
    std::string out;
    for (const char c : text)
        if (c == '\n')
            out += " / ";
        else if (c != '\r')
            out += c;
    return out;
}

} // namespace mpsmtp::exec
