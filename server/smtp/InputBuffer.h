// Octets received and not yet processed. Small, so that many idle connections cost little; what came behind the end of
// a message in the sink's large buffer may make it grow until it is drained. Thread safety: [connection].
#pragma once

#include "smtp/Buffer.h"

#include <cstddef>
#include <memory>
#include <string_view>

namespace mpsmtp::smtp
{

class InputBuffer
{
public:
    /// `capacity`: octets it holds without growing; above 0.
    explicit InputBuffer(std::size_t capacity);

    /// What waits, oldest first. Valid until the next call that is not const.
    [[nodiscard]] std::string_view octets() const noexcept
    {
        return {_memory.get() + _begin, size()};
    }

    /// The same, for decoding in place.
    [[nodiscard]] char* data() noexcept { return _memory.get() + _begin; }

    [[nodiscard]] std::size_t size() const noexcept { return _end - _begin; }

    [[nodiscard]] bool isEmpty() const noexcept { return _begin == _end; }

    [[nodiscard]] std::size_t capacity() const noexcept { return _capacity; }

    /// Room for more behind what waits, at least 1 octet.
    [[nodiscard]] Buffer room();

    /// The first `count` octets of room() have been filled.
    void filled(std::size_t count) noexcept { _end += count; }

    /// Copies `octets` behind what waits. They must not be the buffer's own.
    void append(std::string_view octets);

    /// The first `count` octets are done with. Gives grown memory back when nothing waits any more.
    void consume(std::size_t count);

    void clear() { consume(size()); }

private:
    void moveTo(std::size_t capacity);
    void makeRoom(std::size_t octets);

    const std::size_t _usualCapacity;
    std::size_t _capacity;
    std::unique_ptr<char[]> _memory; // not initialised: pages are touched when octets come
    std::size_t _begin = 0;
    std::size_t _end = 0;
};

} // namespace mpsmtp::smtp
