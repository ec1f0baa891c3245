// Counters that only grow, each in as many copies as there are slots, and histograms made of them.
// Leaves to others: names and text (Exposition).
// Thread safety: [any]; a sum that is read while others add is of some moment meanwhile, and never shrinks.
#pragma once

#include "metrics/Slots.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mpsmtp::metrics
{

template <std::size_t Count>
class Cells
{
public:
    /// Which of the counters; an enumerator or a number below Count.
    template <class Index>
    void add(const Turn& turn, Index index, std::uint64_t value = 1) noexcept
    {
        std::atomic<std::uint64_t>& cell =
            _copies[turn.slot()].cells[static_cast<std::size_t>(index)];
        if (turn.isExclusive())
            cell.store(cell.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
        else
            cell.fetch_add(value, std::memory_order_relaxed);
    }

    template <class Index>
    [[nodiscard]] std::uint64_t sum(Index index) const noexcept
    {
        std::uint64_t total = 0;
        for (const Copy& copy : _copies)
            total += copy.cells[static_cast<std::size_t>(index)].load(std::memory_order_relaxed);
        return total;
    }

    /// What has begun and not ended. Both are read while they grow, so that it could be below 0.
    template <class Index>
    [[nodiscard]] std::uint64_t difference(Index begun, Index ended) const noexcept
    {
        const std::uint64_t less = sum(ended);
        return std::max(sum(begun), less) - less;
    }

private:
    struct alignas(cacheLineOctets) Copy
    {
        std::array<std::atomic<std::uint64_t>, Count> cells{};
    };

    std::array<Copy, Slots::count> _copies;
};

/// \tparam Bounds the upper bound of each bucket but the last, which takes the rest; in whole octets, nanoseconds, …
template <const auto& Bounds>
class Histogram
{
public:
    static constexpr std::size_t buckets = Bounds.size() + 1;

    void observe(const Turn& turn, std::uint64_t value) noexcept
    {
        std::size_t bucket = 0;
        while (bucket < Bounds.size() && value > Bounds[bucket])
            ++bucket;
        _cells.add(turn, bucket);
        _cells.add(turn, sumCell, value);
    }

    /// Below 0 counts as 0: a clock that a test sets back.
    void observe(const Turn& turn, std::chrono::nanoseconds value) noexcept
    {
        observe(turn, static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0)));
    }

    /// In this bucket alone.
    [[nodiscard]] std::uint64_t count(std::size_t bucket) const noexcept
    {
        return _cells.sum(bucket);
    }

    [[nodiscard]] std::uint64_t sum() const noexcept { return _cells.sum(sumCell); }

private:
    static constexpr std::size_t sumCell = buckets;

    Cells<buckets + 1> _cells;
};

/// Nanoseconds: from a handler that only counts, over disks, to a client on a slow line.
inline constexpr std::array<std::uint64_t, 17> timeBounds{10'000,
                                                          100'000,
                                                          250'000,
                                                          500'000,
                                                          1'000'000,
                                                          2'500'000,
                                                          5'000'000,
                                                          10'000'000,
                                                          25'000'000,
                                                          50'000'000,
                                                          100'000'000,
                                                          250'000'000,
                                                          500'000'000,
                                                          1'000'000'000,
                                                          2'500'000'000,
                                                          10'000'000'000,
                                                          60'000'000'000};

/// Octets.
inline constexpr std::array<std::uint64_t, 9> sizeBounds{
    1u << 10, 1u << 12, 1u << 14, 1u << 16, 1u << 18, 1u << 20, 1u << 22, 1u << 24, 1u << 26};

/// How many share something.
inline constexpr std::array<std::uint64_t, 9> batchBounds{1, 2, 4, 8, 16, 32, 64, 128, 256};

using TimeHistogram = Histogram<timeBounds>;
using SizeHistogram = Histogram<sizeBounds>;
using BatchHistogram = Histogram<batchBounds>;

} // namespace mpsmtp::metrics
