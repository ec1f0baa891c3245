// See NewlineNormalizer.h. A bare newline lacks one octet: LF behind a CR, or CR in front of an LF.
#include "smtp/NewlineNormalizer.h"

#include "smtp/OctetSearch.h"

namespace mpsmtp::smtp
{

void NewlineNormalizer::append(std::string_view octets, std::string& out)
{
    if (octets.empty())
        return;
    if (_afterCr != (octets.front() == '\n'))
        out += _afterCr ? '\n' : '\r';
    _afterCr = octets.back() == '\r';
    const char* piece = octets.data();
    const char* const end = piece + octets.size();
    for (const char* bare = findBareNewline(piece, end); bare != end;
         bare = findBareNewline(piece, end))
    {
        out.append(piece, bare);
        out += *bare == '\n' ? '\r' : '\n';
        piece = bare;
    }
    out.append(piece, end);
}

void NewlineNormalizer::finish(std::string& out)
{
    if (_afterCr)
        out += '\n';
    _afterCr = false;
}

} // namespace mpsmtp::smtp
