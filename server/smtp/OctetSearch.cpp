// See OctetSearch.h. Both searches look at pairs of neighbours: loading the same 16 octets once
// more, one further on, lets one comparison see 16 pairs, without a branch on each line end.
#include "smtp/OctetSearch.h"

#include <cstddef>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace mpsmtp::smtp
{

const char* findLineFeedDotPortable(const char* begin, const char* end) noexcept
{
    while (end - begin >= 2)
    {
        const void* found = std::memchr(begin, '\n', static_cast<std::size_t>(end - begin) - 1);
        if (found == nullptr)
            return end;
        begin = static_cast<const char*>(found);
        if (begin[1] == '.')
            return begin;
        ++begin;
    }
    return end;
}

const char* findBareNewlinePortable(const char* begin, const char* end) noexcept
{
    for (; end - begin >= 2; ++begin)
    {
        if ((begin[0] == '\r') != (begin[1] == '\n'))
            return begin + 1;
    }
    return end;
}

#if defined(__SSE2__)

namespace
{

constexpr std::ptrdiff_t stepOctets = 16;

__m128i load(const char* octets) noexcept
{
    // The intrinsic's own way: any alignment, no object of another type is touched.
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(octets)); // NOLINT
}

// Octet i is 255 if it equals `wanted`, else 0.
__m128i equal(__m128i octets, char wanted) noexcept
{
    return _mm_cmpeq_epi8(octets, _mm_set1_epi8(wanted));
}

// Octet i: whether LF stands at begin[i] and "." behind it.
struct LineFeedDots
{
    __m128i operator()(const char* begin) const noexcept
    {
        return _mm_and_si128(equal(load(begin), '\n'), equal(load(begin + 1), '.'));
    }
};

// Octet i: whether there is a bare newline between begin[i] and begin[i + 1].
struct BareNewlines
{
    __m128i operator()(const char* begin) const noexcept
    {
        return _mm_xor_si128(equal(load(begin), '\r'), equal(load(begin + 1), '\n'));
    }
};

// Index of the first octet that is set, or -1.
int firstOf(__m128i hits) noexcept
{
    const auto bits = static_cast<unsigned>(_mm_movemask_epi8(hits));
    return bits == 0 ? -1 : __builtin_ctz(bits);
}

// Skips steps of 16 pairs without a hit, four at a time where there are so many. Stops in front of
// a step with a hit or of the last octets, which are too few for a step.
template <typename Hits>
const char* skipWithoutHit(const char* begin, const char* end, Hits hits) noexcept
{
    while (end - begin > 4 * stepOctets)
    {
        const __m128i low = _mm_or_si128(hits(begin), hits(begin + stepOctets));
        const __m128i high =
            _mm_or_si128(hits(begin + 2 * stepOctets), hits(begin + 3 * stepOctets));
        if (firstOf(_mm_or_si128(low, high)) >= 0)
            break;
        begin += 4 * stepOctets;
    }
    while (end - begin > stepOctets && firstOf(hits(begin)) < 0)
        begin += stepOctets;
    return begin;
}

} // namespace

const char* findLineFeedDot(const char* begin, const char* end) noexcept
{
    constexpr LineFeedDots hits;
    begin = skipWithoutHit(begin, end, hits);
    return end - begin > stepOctets ? begin + firstOf(hits(begin))
                                    : findLineFeedDotPortable(begin, end);
}

const char* findBareNewline(const char* begin, const char* end) noexcept
{
    constexpr BareNewlines hits;
    begin = skipWithoutHit(begin, end, hits);
    return end - begin > stepOctets ? begin + firstOf(hits(begin)) + 1
                                    : findBareNewlinePortable(begin, end);
}

#else

const char* findLineFeedDot(const char* begin, const char* end) noexcept
{
    return findLineFeedDotPortable(begin, end);
}

const char* findBareNewline(const char* begin, const char* end) noexcept
{
    return findBareNewlinePortable(begin, end);
}

#endif

} // namespace mpsmtp::smtp
