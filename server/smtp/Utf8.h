// Well-formed UTF-8 (RFC 3629) and which code points may be shown.
// Thread safety: [any] (pure functions).
#pragma once

#include <cstddef>
#include <string_view>

namespace mpsmtp::smtp
{

/// One step through a text.
struct CodePoint
{
    char32_t value;     ///< undefined if octets is 0
    std::size_t octets; ///< 1..4; 0: no well-formed sequence stands here
};

/// Reads the code point at the front of `text`. Overlong forms, surrogates and values above
/// U+10FFFF are not well-formed.
[[nodiscard]] CodePoint frontCodePoint(std::string_view text) noexcept;

/// True if `text` is well-formed UTF-8 throughout; ASCII is.
[[nodiscard]] bool isValidUtf8(std::string_view text) noexcept;

/// True for a code point that has no business in one line of visible text: C0 and C1 controls, DEL,
/// line and paragraph separators, bidirectional and other format controls, private use,
/// noncharacters.
[[nodiscard]] bool isInvisible(char32_t codePoint) noexcept;

/// True if `text` is well-formed UTF-8 without C1 controls and without line and paragraph
/// separators: no terminal and no line-oriented file takes it for more than text. C0 controls are
/// the caller's grammar's to refuse.
[[nodiscard]] bool isHarmlessUtf8(std::string_view text) noexcept;

} // namespace mpsmtp::smtp
