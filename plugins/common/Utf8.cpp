#include "common/Utf8.h"

#include <algorithm>
#include <array>

namespace mpsmtp::store
{

namespace
{

struct Range
{
    char32_t first;
    char32_t last;
};

// Unicode 15: General_Category Cc, Zl, Zp, Cf, and Default_Ignorable_Code_Point. Sorted.
constexpr std::array<Range, 24> unseen{{
    {0x0000, 0x001F}, {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x0600, 0x0605},
    {0x061C, 0x061C}, {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x0890, 0x0891},   {0x08E2, 0x08E2},
    {0x115F, 0x1160}, {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
}};

// RFC 3629 4: what a first octet promises. `least` keeps overlong forms out.
struct Form
{
    std::size_t length;
    char32_t bits;
    char32_t least;
};

[[nodiscard]] Form formOf(unsigned char first) noexcept
{
    if (first < 0x80)
        return {1, first, 0};
    if (first >= 0xC2 && first < 0xE0)
        return {2, first & 0x1Fu, 0x80};
    if (first >= 0xE0 && first < 0xF0)
        return {3, first & 0x0Fu, 0x800};
    if (first >= 0xF0 && first < 0xF5)
        return {4, first & 0x07u, 0x10000};
    return {0, 0, 0};
}

[[nodiscard]] bool isContinuation(char octet) noexcept
{
    return (static_cast<unsigned char>(octet) & 0xC0u) == 0x80u;
}

[[nodiscard]] bool isScalar(char32_t value) noexcept
{
    return value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
}

} // namespace

CodePoint firstCodePoint(std::string_view text) noexcept
{
    const Form form = formOf(static_cast<unsigned char>(text.front()));
    if (form.length == 0 || form.length > text.size())
        return {};
    char32_t value = form.bits;
    for (std::size_t i = 1; i < form.length; ++i)
    {
        if (!isContinuation(text[i]))
            return {};
        value = (value << 6u) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
    }
    if (value < form.least || !isScalar(value))
        return {};
    return {value, form.length};
}

bool isCutCodePoint(std::string_view text) noexcept
{
    return formOf(static_cast<unsigned char>(text.front())).length > text.size() &&
           std::all_of(text.begin() + 1, text.end(), isContinuation);
}

bool isUnseen(char32_t codePoint) noexcept
{
    const auto range = std::lower_bound(unseen.begin(),
                                        unseen.end(),
                                        codePoint,
                                        [](const Range& r, char32_t c) { return r.last < c; });
    return range != unseen.end() && range->first <= codePoint;
}

} // namespace mpsmtp::store
