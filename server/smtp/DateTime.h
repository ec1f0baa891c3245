// Dates as they stand in header fields (RFC 5322 3.3). Thread safety: [any] (values).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mpsmtp::smtp
{

/// "Thu, 1 Jan 1970 00:00:00 +0000" (RFC 5322 3.3), always in UTC, whatever the locale. In memory of its own: each message
/// has one.
class Rfc5322Date
{
public:
    explicit Rfc5322Date(std::chrono::system_clock::time_point time) noexcept;

    [[nodiscard]] std::string_view text() const noexcept { return {_text.data(), _size}; }

private:
    void append(std::string_view text) noexcept;
    void append(std::int64_t number, std::size_t digits) noexcept;

    std::array<char, 64> _text; // a year has at most 20 digits
    std::size_t _size = 0;
};

} // namespace mpsmtp::smtp
