// What this is and its thread safety: Rule.h.
#include "faults/Rule.h"

namespace mpsmtp::faults
{

namespace
{

/// SplitMix64's output function: neighbouring inputs give outputs that look unrelated, and there is no state that threads
/// would share.
std::uint64_t mixed(std::uint64_t value) noexcept
{
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
}

/// In [0, 1), from the 53 bits that a double holds.
double fraction(std::uint64_t seed, std::uint64_t number) noexcept
{
    constexpr double unit = 1.0 / 9007199254740992.0; // 2^-53
    return static_cast<double>(mixed(mixed(seed) + number) >> 11U) * unit;
}

} // namespace

bool Schedule::includes(std::uint64_t number, std::uint64_t seed) const noexcept
{
    return (!nth || number == *nth) && (!every || number % *every == 0) &&
           (!first || number <= *first) && (!probability || fraction(seed, number) < *probability);
}

} // namespace mpsmtp::faults
