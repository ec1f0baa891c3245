// Character classes and case of ASCII, free of the locale that <cctype> follows (RFC 5234 B.1,
// RFC 5322 3.2.3).
// Thread safety: [any] (pure functions).
#pragma once

#include <string_view>

namespace mpsmtp::smtp
{

constexpr bool isDigit(char octet) noexcept
{
    return octet >= '0' && octet <= '9';
}

constexpr char toLower(char octet) noexcept
{
    return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet + ('a' - 'A')) : octet;
}

constexpr char toUpper(char octet) noexcept
{
    return octet >= 'a' && octet <= 'z' ? static_cast<char>(octet - ('a' - 'A')) : octet;
}

constexpr bool isLetter(char octet) noexcept
{
    return toLower(octet) >= 'a' && toLower(octet) <= 'z';
}

constexpr bool isLetterOrDigit(char octet) noexcept
{
    return isLetter(octet) || isDigit(octet);
}

/// 0..15, or -1 if `octet` is no hexadecimal digit.
constexpr int hexValue(char octet) noexcept
{
    if (isDigit(octet))
        return octet - '0';
    const char lower = toLower(octet);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr bool isAscii(char octet) noexcept
{
    return static_cast<unsigned char>(octet) < 0x80;
}

/// C0 controls and DEL.
constexpr bool isControl(char octet) noexcept
{
    return static_cast<unsigned char>(octet) < 0x20 || octet == 0x7f;
}

/// Visible ASCII, no space.
constexpr bool isGraphic(char octet) noexcept
{
    return octet > 0x20 && octet < 0x7f;
}

constexpr bool isBlank(char octet) noexcept
{
    return octet == ' ' || octet == '\t';
}

/// atext of RFC 5322 3.2.3: what stands in an atom without quoting.
constexpr bool isAtext(char octet) noexcept
{
    constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
    return isLetterOrDigit(octet) || others.find(octet) != others.npos;
}

constexpr bool equalsIgnoringCase(std::string_view a, std::string_view b) noexcept
{
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i)
    {
        if (toLower(a[i]) != toLower(b[i]))
            return false;
    }
    return true;
}

constexpr bool startsWithIgnoringCase(std::string_view text, std::string_view prefix) noexcept
{
    return text.size() >= prefix.size() &&
           equalsIgnoringCase(text.substr(0, prefix.size()), prefix);
}

/// `text` behind its leading spaces and tabs.
constexpr std::string_view withoutLeadingBlanks(std::string_view text) noexcept
{
    while (!text.empty() && isBlank(text.front()))
        text.remove_prefix(1);
    return text;
}

/// `text` without the spaces and tabs around it.
constexpr std::string_view trimmed(std::string_view text) noexcept
{
    text = withoutLeadingBlanks(text);
    while (!text.empty() && isBlank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Takes what stands in front of the first space or tab off `text`, and the blanks behind it.
constexpr std::string_view takeWord(std::string_view& text) noexcept
{
    std::size_t length = 0;
    while (length < text.size() && !isBlank(text[length]))
        ++length;
    const std::string_view word = text.substr(0, length);
    text = withoutLeadingBlanks(text.substr(length));
    return word;
}

constexpr bool isAsciiOnly(std::string_view text) noexcept
{
    for (const char octet : text)
    {
        if (!isAscii(octet))
            return false;
    }
    return true;
}

} // namespace mpsmtp::smtp
