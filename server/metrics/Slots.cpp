// What this is and its thread safety: Slots.h.
#include "metrics/Slots.h"

#include <cstdint>

namespace mpsmtp::metrics
{

namespace
{

/// Where a thread looks first: by its own memory's address, so that it usually gets the copy that is in its processor's cache.
std::size_t firstOf() noexcept
{
    static thread_local const char mark = 0;
    constexpr std::uint64_t goldenRatio = 0x9E3779B97F4A7C15u; // spreads neighbours
    constexpr unsigned highBits = 61;                          // 3 of them: 8 slots
    static_assert(Slots::exclusive == 8);
    return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(&mark) * goldenRatio) >>
                                    highBits);
}

} // namespace

std::size_t Slots::take() noexcept
{
    constexpr std::size_t attempts = 4;
    const std::size_t first = firstOf();
    for (std::size_t i = 0; i < attempts; ++i)
    {
        const std::size_t slot = (first + i) % exclusive;
        // Looked at first: an exchange would fetch the line of one that is taken.
        if (!_slots[slot].isTaken.load(std::memory_order_relaxed) &&
            !_slots[slot].isTaken.exchange(true, std::memory_order_acquire))
            return slot;
    }
    return shared;
}

} // namespace mpsmtp::metrics
