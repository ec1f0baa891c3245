// How often a duration was seen, in buckets whose width grows with the value: percentiles of millions of messages within 1 %,
// in a few kilobytes, without keeping or sorting them.
// Thread safety: [one thread]; each thread records into its own, and merge() puts them together.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpsmtp::bench
{

class Histogram
{
public:
    Histogram();

    /// Negative durations count as 0, those of more than an hour as an hour (max() stays exact).
    void record(std::chrono::nanoseconds duration);
    void merge(const Histogram& other);

    [[nodiscard]] std::uint64_t count() const { return _count; }

    /// The smallest duration seen, exact; 0 if there was none.
    [[nodiscard]] std::chrono::nanoseconds min() const;
    /// The largest duration seen, exact; 0 if there was none.
    [[nodiscard]] std::chrono::nanoseconds max() const;

    /// A duration that `share` of all are not above, at most 1 % too high; 0 if there was none.
    /// \param share  0 … 1
    [[nodiscard]] std::chrono::nanoseconds percentile(double share) const;

private:
    /// Each power of two is cut into this many buckets: 1/128 is the promised 1 %.
    static constexpr std::uint64_t steps = 128;

    [[nodiscard]] static std::size_t bucketOf(std::uint64_t value);
    [[nodiscard]] static std::uint64_t highestOf(std::size_t bucket);

    std::vector<std::uint64_t> _buckets;
    std::uint64_t _count = 0;
    std::uint64_t _min = UINT64_MAX;
    std::uint64_t _max = 0;
};

} // namespace mpsmtp::bench
