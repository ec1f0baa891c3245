// See DateTime.h. Neither strftime, which follows the locale, nor gmtime, whose result all threads
// share.
#include "smtp/DateTime.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace mpsmtp::smtp
{
namespace
{

struct Civil
{
    std::int64_t year;
    unsigned month; // 0..11
    unsigned day;   // 1..31
};

constexpr bool isLeapYear(std::int64_t year) noexcept
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr unsigned daysInMonth(std::int64_t year, unsigned month) noexcept
{
    constexpr std::array<unsigned, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 1 && isLeapYear(year) ? 29 : days[month];
}

// The Gregorian calendar repeats every 400 years; within them centuries, four-year groups and years
// are split off in turn. The last of four centuries or years may be a day longer, hence min(…, 3).
Civil civilFromDays(std::int64_t daysSince1970) noexcept
{
    constexpr std::int64_t days400 = 146097;
    constexpr std::int64_t days100 = 36524;
    constexpr std::int64_t days4 = 1461;
    constexpr std::int64_t days1 = 365;
    constexpr std::int64_t daysBefore1970 = 719162; // since 0001-01-01

    std::int64_t rest = daysSince1970 + daysBefore1970;
    const std::int64_t cycles = rest / days400;
    rest %= days400;
    const std::int64_t centuries = std::min<std::int64_t>(rest / days100, 3);
    rest -= centuries * days100;
    const std::int64_t fours = rest / days4;
    rest %= days4;
    const std::int64_t ones = std::min<std::int64_t>(rest / days1, 3);
    rest -= ones * days1;

    Civil civil{
        400 * cycles + 100 * centuries + 4 * fours + ones + 1, 0, static_cast<unsigned>(rest) + 1};
    while (civil.day > daysInMonth(civil.year, civil.month))
        civil.day -= daysInMonth(civil.year, civil.month++);
    return civil;
}

} // namespace

// date-time = [ day-of-week "," ] date time
// The zone is "+0000": UTC is known, the recipient's zone is not.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): _text holds nothing yet
Rfc5322Date::Rfc5322Date(std::chrono::system_clock::time_point time) noexcept
{
    constexpr std::array<std::string_view, 7> dayNames{
        "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    constexpr std::array<std::string_view, 12> monthNames{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    constexpr std::int64_t secondsPerDay = 86400;

    const std::int64_t seconds =
        std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
    const std::int64_t secondOfDay = (seconds % secondsPerDay + secondsPerDay) % secondsPerDay;
    const std::int64_t days = (seconds - secondOfDay) / secondsPerDay;
    const Civil civil = civilFromDays(days);

    append(dayNames[static_cast<std::size_t>((days % 7 + 7) % 7)]);
    append(", ");
    append(civil.day, 1);
    append(" ");
    append(monthNames[civil.month]);
    append(" ");
    append(civil.year, 1);
    append(" ");
    append(secondOfDay / 3600, 2);
    append(":");
    append(secondOfDay / 60 % 60, 2);
    append(":");
    append(secondOfDay % 60, 2);
    append(" +0000");
}

void Rfc5322Date::append(std::string_view text) noexcept
{
    _size += text.copy(_text.data() + _size, _text.size() - _size);
}

/// At least so many digits.
void Rfc5322Date::append(std::int64_t number, std::size_t digits) noexcept
{
    std::array<char, 20> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    const std::string_view shown(text.data(), static_cast<std::size_t>(end - text.data()));
    if (shown.size() < digits)
        append("0");
    append(shown);
}

} // namespace mpsmtp::smtp
