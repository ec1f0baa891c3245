// The two searches that touch every octet of mail data: for LF "." and for bare newlines. With
// SSE2, which every x86-64 has, 16 octets a step; portable elsewhere, and in tests against each
// other.
// Thread safety: [any] (pure functions).
#pragma once

namespace mpsmtp::smtp
{

/// The first LF in [begin, end) with a "." right behind it, also in the range; or `end`.
[[nodiscard]] const char* findLineFeedDot(const char* begin, const char* end) noexcept;

/// The first octet in [begin + 1, end) that makes a bare newline with the one in front of it: no LF
/// behind a CR, or an LF behind something else; or `end`. What stands in front of `begin` is the
/// caller's to judge.
[[nodiscard]] const char* findBareNewline(const char* begin, const char* end) noexcept;

/// The same without SSE2.
[[nodiscard]] const char* findLineFeedDotPortable(const char* begin, const char* end) noexcept;
[[nodiscard]] const char* findBareNewlinePortable(const char* begin, const char* end) noexcept;

} // namespace mpsmtp::smtp
