// What this is and its thread safety: RuleValues.h.
#include "faults/RuleValues.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <system_error>

namespace mpsmtp::faults
{

namespace
{

struct Unit
{
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 3> sizeUnits{{{"", 1}, {"K", 1024}, {"M", std::uint64_t{1024} * 1024}}};
constexpr std::array<Unit, 5> delayUnits{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};

template <class Number>
bool readAll(std::string_view text, Number& value) noexcept
{
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    return read.ec == std::errc() && read.ptr == end;
}

/// Digits and one of the units.
template <std::size_t Count>
std::optional<std::uint64_t> parseWithUnit(std::string_view text,
                                           const std::array<Unit, Count>& units) noexcept
{
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto unit =
        std::find_if(units.begin(),
                     units.end(),
                     [&](const Unit& each) { return each.name == text.substr(digits); });
    std::uint64_t value = 0;
    if (unit == units.end() || !readAll(text.substr(0, digits), value) ||
        value > std::numeric_limits<std::uint64_t>::max() / unit->factor)
        return std::nullopt;
    return value * unit->factor;
}

/// Takes the first word off `text`.
std::string_view takeWord(std::string_view& text) noexcept
{
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.find_first_not_of(' ', word.size()), text.size()));
    return word;
}

bool looksLikeEnhancedCode(std::string_view word) noexcept
{
    return word.find('.') != std::string_view::npos && word.back() != '.' &&
           word.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// status-code = class "." subject "." detail, of 1, 1*3 and 1*3 digits      (RFC 3463 2)
bool isEnhancedCodeOf(std::string_view codeClass, std::string_view word) noexcept
{
    const auto first = word.find('.');
    const auto second = std::min(word.find('.', first + 1), word.size() - 1);
    const auto isShort = [](std::string_view digits)
    { return !digits.empty() && digits.size() <= 3 && digits.find('.') == std::string_view::npos; };
    return word.substr(0, first) == codeClass &&
           isShort(word.substr(first + 1, second - first - 1)) && isShort(word.substr(second + 1));
}

} // namespace

std::optional<std::uint64_t> parseCount(std::string_view text) noexcept
{
    std::uint64_t value = 0;
    if (!readAll(text, value) || value == 0)
        return std::nullopt;
    return value;
}

std::optional<std::uint64_t> parseOctets(std::string_view text) noexcept
{
    return parseWithUnit(text, sizeUnits);
}

std::optional<std::chrono::milliseconds> parseDelay(std::string_view text) noexcept
{
    constexpr std::uint64_t day = 86'400'000;
    const auto value = parseWithUnit(text, delayUnits);
    if (!value || *value > day)
        return std::nullopt;
    return std::chrono::milliseconds(*value);
}

std::optional<double> parseProbability(std::string_view text) noexcept
{
    double value = 0;
    if (!readAll(text, value) || !(value >= 0 && value <= 1))
        return std::nullopt;
    return value;
}

std::optional<Reply> parseReply(std::string_view text, Verb verb, std::string& mistake)
{
    const auto codeWord = takeWord(text);
    unsigned code = 0;
    if (codeWord.size() != 3 || !readAll(codeWord, code) || code < 400 || code > 599)
    {
        mistake =
            "a reply begins with a code from 400 to 599, not \"" + std::string(codeWord) + '"';
        return std::nullopt;
    }
    if (verb == Verb::Connect && code != 421 && code != 554)
    {
        mistake = "a greeting can only be 421 or 554 (RFC 5321 3.1), not " + std::string(codeWord);
        return std::nullopt;
    }
    auto rest = text;
    const auto enhanced = takeWord(rest);
    if (enhanced.empty() || !looksLikeEnhancedCode(enhanced))
        return Reply(code, "", std::string(text));
    if (!isEnhancedCodeOf(codeWord.substr(0, 1), enhanced))
    {
        mistake = "the enhanced code \"" + std::string(enhanced) + "\" does not fit " +
                  std::string(codeWord) + "; write " + std::string(codeWord.substr(0, 1)) +
                  ".SUBJECT.DETAIL";
        return std::nullopt;
    }
    return Reply(code, std::string(enhanced), std::string(rest));
}

} // namespace mpsmtp::faults
