// UTF-8 (RFC 3629) as file names and terminals need it: one code point at a time, strictly.
// Thread safety: [any] (pure functions).
#pragma once

#include <cstddef>
#include <string_view>

namespace mpsmtp::store
{

/// A code point and the octets that it takes.
struct CodePoint
{
    char32_t value = 0;
    std::size_t length = 0; ///< 0: the octets are not UTF-8 here
};

/// The first code point of `text`, which is not empty. Overlong forms, surrogates and values over
/// U+10FFFF are no UTF-8.
[[nodiscard]] CodePoint firstCodePoint(std::string_view text) noexcept;

/// True if `text` (1..3 octets) could become a code point if more octets followed.
[[nodiscard]] bool isCutCodePoint(std::string_view text) noexcept;

/// C0, C1 and DEL, line separators, and what is drawn as nothing or turns text around: zero width,
/// joiners, bidirectional controls, variation selectors, tags. With them two texts can look alike,
/// or a line can lie.
[[nodiscard]] bool isUnseen(char32_t codePoint) noexcept;

} // namespace mpsmtp::store
