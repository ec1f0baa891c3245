// Octets received and not yet processed. Its first room lies in the object itself, so that an idle connection has no memory
// for it on the heap; a client that fills this room, with pipelining or a long line, gets the usual capacity for as long as it
// stays. What came behind the end of a message in the sink's large buffer may make it grow until it is drained.
// Thread safety: [connection].
#pragma once

#include "smtp/Buffer.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace mpsmtp::smtp
{

class InputBuffer
{
public:
    /// Longer than the commands of a client that waits for each reply.
    static constexpr std::size_t firstOctets = 512;

    /// `capacity`: octets it holds for a client that sends so many at once; above 0.
    explicit InputBuffer(std::size_t capacity) noexcept;

    InputBuffer(const InputBuffer&) = delete;
    InputBuffer& operator=(const InputBuffer&) = delete;

    /// What waits, oldest first. Valid until the next call that is not const.
    [[nodiscard]] std::string_view octets() const noexcept { return {_room + _begin, size()}; }

    /// The same, for decoding in place.
    [[nodiscard]] char* data() noexcept { return _room + _begin; }

    [[nodiscard]] std::size_t size() const noexcept { return _end - _begin; }

    [[nodiscard]] bool isEmpty() const noexcept { return _begin == _end; }

    /// The capacity of a client that has filled the first room.
    [[nodiscard]] std::size_t usualCapacity() const noexcept { return _usualCapacity; }

    /// Octets it has memory for now.
    [[nodiscard]] std::size_t capacity() const noexcept { return _capacity; }

    /// Room for more behind what waits, at least 1 octet.
    [[nodiscard]] Buffer room();

    /// The first `count` octets of room() have been filled.
    void filled(std::size_t count) noexcept;

    /// Copies `octets` behind what waits. They must not be the buffer's own.
    void append(std::string_view octets);

    /// The first `count` octets are done with. Gives grown memory back when nothing waits any more.
    void consume(std::size_t count);

    void clear() { consume(size()); }

private:
    void moveTo(std::size_t capacity);
    void makeRoom(std::size_t octets);

    const std::size_t _usualCapacity;
    std::size_t _restCapacity; ///< when nothing waits
    std::size_t _capacity;
    std::unique_ptr<char[]> _memory; ///< none: _first is in use
    char* _room = nullptr;           ///< in _memory or _first
    std::size_t _begin = 0;
    std::size_t _end = 0;
    std::array<char, firstOctets> _first; // not initialised: pages are touched when octets come
};

} // namespace mpsmtp::smtp
