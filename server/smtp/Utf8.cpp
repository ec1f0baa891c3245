// UTF-8 by the table of well-formed sequences (RFC 3629 4).
#include "smtp/Utf8.h"

#include "smtp/Ascii.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace mpsmtp::smtp
{
namespace
{

constexpr CodePoint notWellFormed{0, 0};

constexpr unsigned octetAt(std::string_view text, std::size_t index) noexcept
{
    return static_cast<unsigned char>(text[index]);
}

constexpr bool isTail(unsigned octet) noexcept
{
    return (octet & 0xc0u) == 0x80u;
}

// UTF8-octets = UTF8-1 / UTF8-2 / UTF8-3 / UTF8-4: the first octet tells how many there are.
constexpr std::size_t sequenceLength(unsigned first) noexcept
{
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

// The smallest value that needs so many octets; a smaller one is an overlong form.
constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};

constexpr bool isScalar(char32_t value) noexcept
{
    return value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

CodePoint longSequence(std::string_view text, std::size_t length) noexcept
{
    char32_t value = octetAt(text, 0) & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i)
    {
        if (!isTail(octetAt(text, i)))
            return notWellFormed;
        value = value << 6 | (octetAt(text, i) & 0x3fu);
    }
    return value >= smallest[length] && isScalar(value) ? CodePoint{value, length} : notWellFormed;
}

// Number of octets at the front that are ASCII, counted eight at a time; at most 7 too few.
std::size_t asciiPrefix(std::string_view text) noexcept
{
    constexpr std::uint64_t topBits = 0x8080808080808080u;
    std::size_t length = 0;
    std::uint64_t word = 0;
    for (; text.size() - length >= sizeof word; length += sizeof word)
    {
        std::memcpy(&word, text.data() + length, sizeof word);
        if ((word & topBits) != 0)
            break;
    }
    return length;
}

struct Range
{
    char32_t first;
    char32_t last;
};

// Ascending. General categories Cc, Cf (without the few that are visible), Zl, Zp, Co and Cn's
// noncharacters, and the fillers that show nothing (Unicode 15).
constexpr std::array<Range, 24> invisible{{
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
    {0x061c, 0x061c},   {0x070f, 0x070f},   {0x115f, 0x1160},   {0x17b4, 0x17b5},
    {0x180e, 0x180e},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0x3164, 0x3164},   {0xe000, 0xf8ff},   {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
}};

template <typename Accepts>
bool isUtf8Of(std::string_view text, Accepts accepts) noexcept
{
    while (!text.empty())
    {
        text.remove_prefix(asciiPrefix(text));
        if (text.empty())
            break;
        const CodePoint next = frontCodePoint(text);
        if (next.octets == 0 || !accepts(next.value))
            return false;
        text.remove_prefix(next.octets);
    }
    return true;
}

} // namespace

CodePoint frontCodePoint(std::string_view text) noexcept
{
    if (text.empty())
        return notWellFormed;
    if (isAscii(text.front()))
        return {octetAt(text, 0), 1};
    const std::size_t length = sequenceLength(octetAt(text, 0));
    return length == 0 || length > text.size() ? notWellFormed : longSequence(text, length);
}

bool isValidUtf8(std::string_view text) noexcept
{
    return isUtf8Of(text, [](char32_t) { return true; });
}

bool isHarmlessUtf8(std::string_view text) noexcept
{
    constexpr char32_t lastC1Control = 0x9f;
    constexpr char32_t lineSeparator = 0x2028;
    constexpr char32_t paragraphSeparator = 0x2029;
    return isUtf8Of(text,
                    [](char32_t value)
                    {
                        return value < 0x80 || (value > lastC1Control && value != lineSeparator &&
                                                value != paragraphSeparator);
                    });
}

bool isInvisible(char32_t codePoint) noexcept
{
    if ((codePoint & 0xfffe) == 0xfffe) // the last two of each plane are noncharacters
        return true;
    const auto* range =
        std::lower_bound(invisible.begin(),
                         invisible.end(),
                         codePoint,
                         [](const Range& r, char32_t value) { return r.last < value; });
    return range != invisible.end() && range->first <= codePoint;
}

} // namespace mpsmtp::smtp
