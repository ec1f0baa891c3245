// Transaction ids: short, printable, and unique over processes and restarts without a lock or a file.
//
//   id = time random count      16 digits to the base 32
//
// time: 7 digits, seconds since 1970, so that ids sort by age; random: 5 digits, drawn once a process; count: 4 digits, so
// that a process would have to begin a million transactions in a second to repeat one. The digits are 0-9 and a-z without
// i, l, o and u, which people mistake when they read an id to each other.
// Thread safety: [any].
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace mpsmtp::delivery
{

class TransactionIds
{
public:
    /// \param random tells this process from others; the lowest 25 bits count
    explicit TransactionIds(std::uint32_t random) noexcept : _random(random) {}

    /// Draws `random` from the system.
    TransactionIds();

    /// Puts the next id into `id`.
    void next(std::chrono::system_clock::time_point now, std::string& id);

private:
    const std::uint32_t _random;
    std::atomic<std::uint32_t> _count{0};
};

} // namespace mpsmtp::delivery
