// What this is and its thread safety: Values.h.
#include "delivery/Values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <utility>

#include <arpa/inet.h>

namespace mpsmtp::delivery
{

namespace
{

constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

struct Unit
{
    std::string_view name; ///< lower case
    std::uint64_t factor;
};

constexpr std::array<Unit, 5> sizeUnits{
    {{"", 1}, {"k", 1ull << 10}, {"m", 1ull << 20}, {"g", 1ull << 30}, {"t", 1ull << 40}}};

constexpr std::array<Unit, 6> durationUnits{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equalsIgnoringCase(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(),
                      a.end(),
                      b.begin(),
                      b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

/// The whole of `text` as a number, or nothing.
template <class Number>
std::optional<Number> wholeNumber(std::string_view text, int base = 10) noexcept
{
    Number value{};
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value, base);
    if (text.empty() || result.ec != std::errc() || result.ptr != end)
        return std::nullopt;
    return value;
}

/// value = 1*DIGIT [ unit ]
template <class Units>
std::optional<std::uint64_t> withUnit(std::string_view text, const Units& units) noexcept
{
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = wholeNumber<std::uint64_t>(text.substr(0, digits));
    const auto suffix = text.substr(digits);
    const auto unit =
        std::find_if(units.begin(),
                     units.end(),
                     [&](const Unit& each) { return equalsIgnoringCase(each.name, suffix); });
    if (!number || unit == units.end() || *number > largest / unit->factor)
        return std::nullopt;
    return *number * unit->factor;
}

/// inet_pton wants a NUL behind the text.
bool isAddress(int family, std::string_view text) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    std::array<unsigned char, sizeof(in6_addr)> ignored{};
    if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
        return false;
    std::copy(text.begin(), text.end(), terminated.begin());
    return ::inet_pton(family, terminated.data(), ignored.data()) == 1;
}

} // namespace

std::string_view trimmed(std::string_view text) noexcept
{
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<std::int64_t> parseInteger(std::string_view text) noexcept
{
    return wholeNumber<std::int64_t>(text);
}

std::optional<std::uint64_t> parseSize(std::string_view text) noexcept
{
    return withUnit(text, sizeUnits);
}

std::optional<std::chrono::milliseconds> parseDuration(std::string_view text) noexcept
{
    const auto milliseconds = withUnit(text, durationUnits);
    if (!milliseconds)
        return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*milliseconds));
}

std::optional<bool> parseBool(std::string_view text) noexcept
{
    const auto isOneOf = [text](std::initializer_list<std::string_view> words)
    {
        return std::any_of(words.begin(),
                           words.end(),
                           [text](std::string_view word)
                           { return equalsIgnoringCase(word, text); });
    };
    if (isOneOf({"yes", "true", "on", "1"}))
        return true;
    if (isOneOf({"no", "false", "off", "0"}))
        return false;
    return std::nullopt;
}

std::optional<unsigned> parseOctal(std::string_view text) noexcept
{
    constexpr unsigned mostModeBits = 07777;
    const auto mode = wholeNumber<unsigned>(text, 8);
    return mode && *mode <= mostModeBits ? mode : std::nullopt;
}

std::vector<std::string_view> parseList(std::string_view text)
{
    std::vector<std::string_view> items;
    for (std::size_t begin = 0; begin <= text.size();)
    {
        const auto end = std::min(text.find(',', begin), text.size());
        const auto item = trimmed(text.substr(begin, end - begin));
        if (!item.empty())
            items.push_back(item);
        begin = end + 1;
    }
    return items;
}

bool isNetwork(std::string_view text) noexcept
{
    const auto slash = text.find('/');
    const auto address = text.substr(0, slash);
    const bool isIpv4 = isAddress(AF_INET, address);
    if (!isIpv4 && !isAddress(AF_INET6, address))
        return false;
    if (slash == std::string_view::npos)
        return true;
    const auto bits = wholeNumber<unsigned>(text.substr(slash + 1));
    return bits && *bits <= (isIpv4 ? 32u : 128u);
}

} // namespace mpsmtp::delivery
