// See InputBuffer.h.
#include "smtp/InputBuffer.h"

#include <algorithm>
#include <cstring>

namespace mpsmtp::smtp
{

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): _first holds nothing yet
InputBuffer::InputBuffer(std::size_t capacity) noexcept
    : _usualCapacity(capacity),
      _restCapacity(std::min(firstOctets, capacity)),
      _capacity(_restCapacity)
{
    _room = _first.data();
}

Buffer InputBuffer::room()
{
    makeRoom(1);
    return {_room + _end, _capacity - _end};
}

void InputBuffer::filled(std::size_t count) noexcept
{
    _end += count;
    if (_end == _capacity)
        _restCapacity = _usualCapacity; // there may be more where that came from
}

void InputBuffer::append(std::string_view octets)
{
    if (octets.empty())
        return;
    makeRoom(octets.size());
    std::memcpy(_room + _end, octets.data(), octets.size());
    _end += octets.size();
}

void InputBuffer::consume(std::size_t count)
{
    _begin += count;
    if (_begin != _end)
        return;
    _begin = _end = 0;
    if (_capacity != _restCapacity)
        moveTo(_restCapacity);
}

void InputBuffer::makeRoom(std::size_t octets)
{
    if (_capacity - _end >= octets)
        return;
    if (_capacity - size() < octets)
        return moveTo(std::max({_usualCapacity, _capacity * 2, size() + octets}));
    std::memmove(_room, data(), size());
    _end = size();
    _begin = 0;
}

void InputBuffer::moveTo(std::size_t capacity)
{
    std::unique_ptr<char[]> memory(capacity > firstOctets ? new char[capacity] : nullptr);
    char* const room = memory ? memory.get() : _first.data();
    std::memmove(room, data(), size());
    _memory = std::move(memory);
    _room = room;
    _capacity = capacity;
    _end = size();
    _begin = 0;
}

} // namespace mpsmtp::smtp
