// The values in rules: numbers, sizes, durations, replies. Each is nothing if the text is none.
// Thread safety: [any] (pure functions).
#pragma once

#include "faults/Rule.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mpsmtp::faults
{

/// A whole number from 1.
[[nodiscard]] std::optional<std::uint64_t> parseCount(std::string_view text) noexcept;

/// Octets: "500", "10K", "50M".
[[nodiscard]] std::optional<std::uint64_t> parseOctets(std::string_view text) noexcept;

/// "250ms", "2s", "5m", "1h"; a plain number is seconds. At most a day.
[[nodiscard]] std::optional<std::chrono::milliseconds> parseDelay(std::string_view text) noexcept;

/// 0 to 1.
[[nodiscard]] std::optional<double> parseProbability(std::string_view text) noexcept;

/// "code [enhanced-code] [text]" that a server may send at this step (RFC 5321 4.3.2, RFC 3463 2).
/// \param mistake  says what does not fit if it is none
[[nodiscard]] std::optional<Reply>
parseReply(std::string_view text, Verb verb, std::string& mistake);

} // namespace mpsmtp::faults
