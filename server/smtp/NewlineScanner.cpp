// See NewlineScanner.h.
#include "smtp/NewlineScanner.h"

#include "smtp/OctetSearch.h"

namespace mpsmtp::smtp
{

void NewlineScanner::scan(std::string_view octets) noexcept
{
    if (_found || octets.empty())
        return;
    const char* const end = octets.data() + octets.size();
    _found = _afterCr != (octets.front() == '\n') || findBareNewline(octets.data(), end) != end;
    _afterCr = octets.back() == '\r';
}

void NewlineScanner::finish() noexcept
{
    _found = _found || _afterCr;
}

void NewlineScanner::reset() noexcept
{
    _found = false;
    _afterCr = false;
}

} // namespace mpsmtp::smtp
