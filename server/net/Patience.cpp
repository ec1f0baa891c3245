// See Patience.h. RFC 5321 4.5.3.2.
#include "net/Patience.h"

#include <algorithm>

namespace mpsmtp::net
{

void Patience::begin(smtp::Awaiting awaiting, CoarseClock::time_point now) noexcept
{
    _awaiting = awaiting;
    _begin = now;
    _lastOctet = now;
    _octets = 0;
}

void Patience::received(std::size_t octets, CoarseClock::time_point now) noexcept
{
    _octets += octets;
    _lastOctet = now;
}

CoarseClock::time_point Patience::deadline() const noexcept
{
    if (_awaiting == smtp::Awaiting::Command)
        return _begin + _limits.command;
    return std::min(_begin + _limits.data + earned(), _lastOctet + _limits.command);
}

std::chrono::milliseconds Patience::earned() const noexcept
{
    if (_limits.minDataRate == 0)
        return std::chrono::milliseconds(0);
    return std::chrono::milliseconds(_octets * 1000 / _limits.minDataRate);
}

} // namespace mpsmtp::net
