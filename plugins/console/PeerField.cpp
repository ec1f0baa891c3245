#include "console/PeerField.h"

#include <algorithm>

namespace mpsmtp::console
{

PeerField::PeerField(std::string_view address) : _field("X-Peer: " + std::string(address) + "\n") {}

void PeerField::append(std::string_view text, std::string& out)
{
    while (!_isWritten && !text.empty())
    {
        if (_atLineStart && text.front() == '\n')
        {
            out += _field;
            _isWritten = true;
            break;
        }
        const std::string_view line =
            text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
        out += line;
        _atLineStart = line.back() == '\n';
        text.remove_prefix(line.size());
    }
    out += text;
    if (!text.empty())
        _atLineStart = text.back() == '\n';
}

void PeerField::finish(std::string& out)
{
    if (!_atLineStart)
        out += '\n';
    if (!_isWritten)
        out += _field;
}

} // namespace mpsmtp::console
