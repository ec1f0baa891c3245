// See InputBuffer.h.
#include "smtp/InputBuffer.h"

#include <algorithm>
#include <cstring>

namespace mpsmtp::smtp
{

InputBuffer::InputBuffer(std::size_t capacity)
    : _usualCapacity(capacity), _capacity(capacity), _memory(new char[capacity])
{
}

Buffer InputBuffer::room()
{
    makeRoom(1);
    return {_memory.get() + _end, _capacity - _end};
}

void InputBuffer::append(std::string_view octets)
{
    if (octets.empty())
        return;
    makeRoom(octets.size());
    std::memcpy(_memory.get() + _end, octets.data(), octets.size());
    _end += octets.size();
}

void InputBuffer::consume(std::size_t count)
{
    _begin += count;
    if (_begin != _end)
        return;
    _begin = _end = 0;
    if (_capacity > _usualCapacity)
        moveTo(_usualCapacity);
}

void InputBuffer::makeRoom(std::size_t octets)
{
    if (_capacity - _end >= octets)
        return;
    if (_capacity - size() < octets)
        return moveTo(std::max(_capacity * 2, size() + octets));
    std::memmove(_memory.get(), data(), size());
    _end = size();
    _begin = 0;
}

void InputBuffer::moveTo(std::size_t capacity)
{
    std::unique_ptr<char[]> memory(new char[capacity]);
    std::memcpy(memory.get(), data(), size());
    _memory = std::move(memory);
    _capacity = capacity;
    _end = size();
    _begin = 0;
}

} // namespace mpsmtp::smtp
