// Readers of the values that people write in a configuration file: sizes, durations, modes, lists. Used for the options
// of handlers (OptionTable) and by app/ for the server's own keys, so that "10M" means the same everywhere.
// Leaves to others: which key has which type, and the sentence around a mistake.
// Thread safety: [any].
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

/// What each reader accepts, for the sentence "… is not ACCEPTED".
inline constexpr std::string_view integerAccepted = "a whole number such as 0, 25 or -1";
inline constexpr std::string_view sizeAccepted = "a size such as 500, 10K, 50M or 2G";
inline constexpr std::string_view durationAccepted = "a duration such as 250ms, 30s, 5m, 12h or 7d";
inline constexpr std::string_view boolAccepted = "yes or no";
inline constexpr std::string_view octalAccepted = "an octal file mode such as 0600";
inline constexpr std::string_view networkAccepted =
    "an address or network such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32";

/// The text without the blanks (space, tab) around it. A view into `text`.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// A decimal number with an optional '-'; nothing around it.
[[nodiscard]] std::optional<std::int64_t> parseInteger(std::string_view text) noexcept;

/// Octets: a number, and K, M, G or T (powers of 1024, either case). At most the largest int64.
[[nodiscard]] std::optional<std::uint64_t> parseSize(std::string_view text) noexcept;

/// A number and ms, s, m, h or d; a plain number is seconds. Never negative.
[[nodiscard]] std::optional<std::chrono::milliseconds>
parseDuration(std::string_view text) noexcept;

/// yes/no, true/false, on/off, 1/0 in any case.
[[nodiscard]] std::optional<bool> parseBool(std::string_view text) noexcept;

/// A file mode in octal, at most 07777.
[[nodiscard]] std::optional<unsigned> parseOctal(std::string_view text) noexcept;

/// The items between commas, trimmed; empty items are left out. Views into `text`.
[[nodiscard]] std::vector<std::string_view> parseList(std::string_view text);

/// True for an IPv4 or IPv6 address, alone or with "/" and a prefix length that fits it.
[[nodiscard]] bool isNetwork(std::string_view text) noexcept;

} // namespace mpsmtp::delivery
