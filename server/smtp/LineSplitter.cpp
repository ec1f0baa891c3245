// See LineSplitter.h.
#include "smtp/LineSplitter.h"

#include <algorithm>

namespace mpsmtp::smtp
{

LineSplitter::Result LineSplitter::next(std::string_view input) noexcept
{
    if (_isSkipping)
        return passOver(input);
    const std::size_t end = input.substr(0, _maxLineOctets).find('\n', _searched);
    if (end != std::string_view::npos)
    {
        _searched = 0;
        std::string_view line = input.substr(0, end);
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
        return {Status::Line, end + 1, line};
    }
    _searched = std::min(input.size(), _maxLineOctets);
    if (input.size() < _maxLineOctets)
        return {Status::Incomplete, 0, {}};
    _isSkipping = true;
    return {Status::TooLong, _searched, input.substr(0, _searched)};
}

LineSplitter::Result LineSplitter::passOver(std::string_view input) noexcept
{
    const std::size_t end = input.find('\n');
    _skipped += std::min(end, input.size());
    if (_skipped > maxSkippedOctets)
        return {Status::Endless, input.size(), {}};
    if (end == std::string_view::npos)
        return {Status::Incomplete, input.size(), {}};
    _isSkipping = false;
    _skipped = _searched = 0;
    Result result = next(input.substr(end + 1));
    result.consumed += end + 1;
    return result;
}

} // namespace mpsmtp::smtp
