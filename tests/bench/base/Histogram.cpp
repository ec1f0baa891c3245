#include "bench/base/Histogram.h"

#include <algorithm>
#include <cmath>

namespace mpsmtp::bench
{

namespace
{

constexpr std::uint64_t longest = 3'600'000'000'000; ///< an hour in nanoseconds

/// Index of the highest bit that is set; `value` is not 0.
[[nodiscard]] unsigned log2Of(std::uint64_t value)
{
    return 63u - static_cast<unsigned>(__builtin_clzll(value));
}

} // namespace

Histogram::Histogram() : _buckets(bucketOf(longest) + 1, 0) {}

/// Values below 2 * steps have a bucket each; above, the bits behind the highest eight are dropped.
std::size_t Histogram::bucketOf(std::uint64_t value)
{
    if (value < 2 * steps)
        return value;
    const unsigned shift = log2Of(value) - 7;
    return shift * steps + (value >> shift);
}

std::uint64_t Histogram::highestOf(std::size_t bucket)
{
    if (bucket < 2 * steps)
        return bucket;
    const std::uint64_t shift = bucket / steps - 1;
    const std::uint64_t mantissa = bucket - shift * steps;
    return ((mantissa + 1) << shift) - 1;
}

void Histogram::record(std::chrono::nanoseconds duration)
{
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    ++_buckets[bucketOf(std::min(value, longest))];
    ++_count;
    _min = std::min(_min, value);
    _max = std::max(_max, value);
}

void Histogram::merge(const Histogram& other)
{
    for (std::size_t i = 0; i < _buckets.size(); ++i)
        _buckets[i] += other._buckets[i];
    _count += other._count;
    _min = std::min(_min, other._min);
    _max = std::max(_max, other._max);
}

std::chrono::nanoseconds Histogram::min() const
{
    return std::chrono::nanoseconds(_count == 0 ? 0 : _min);
}

std::chrono::nanoseconds Histogram::max() const
{
    return std::chrono::nanoseconds(_max);
}

std::chrono::nanoseconds Histogram::percentile(double share) const
{
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(_count))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < _buckets.size(); ++i)
    {
        seen += _buckets[i];
        if (seen >= wanted)
            return std::chrono::nanoseconds(std::clamp(highestOf(i), _min, _max));
    }
    return max();
}

} // namespace mpsmtp::bench
