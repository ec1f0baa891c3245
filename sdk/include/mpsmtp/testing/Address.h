/// \file
/// Addresses as the harness hands them to a plugin: "local@domain" taken apart and put together
/// (RFC 5321 4.1.2). Leaves to the server: source routes, lenient spellings, address-literals in
/// detail. Thread safety: [any] (pure functions, plain values).
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mpsmtp::testing
{

/// A forward- or reverse-path without brackets. All three parts are "" for the null reverse-path.
struct Address
{
    std::string address;   ///< "local@domain", quoted where that is needed, domain in lower case
    std::string localPart; ///< without quoting; case as given
    std::string domain;    ///< ASCII letters in lower case
};

namespace detail
{

[[nodiscard]] inline char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] inline bool equalIgnoringCase(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(),
                      a.end(),
                      b.begin(),
                      b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

[[nodiscard]] inline bool isAlphanumeric(char c) noexcept
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

[[nodiscard]] inline bool isEightBit(char c) noexcept
{
    return static_cast<unsigned char>(c) >= 0x80;
}

/// atext of RFC 5322 3.2.3, with UTF8-non-ascii of RFC 6531.
[[nodiscard]] inline bool isAtext(char c) noexcept
{
    constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
    return isAlphanumeric(c) || isEightBit(c) || others.find(c) != std::string_view::npos;
}

/// Dot-string = Atom *("." Atom)
[[nodiscard]] inline bool isDotString(std::string_view text) noexcept
{
    bool atomMayEnd = false;
    for (const char c : text)
    {
        if (c == '.' ? !atomMayEnd : !isAtext(c))
            return false;
        atomMayEnd = c != '.';
    }
    return atomMayEnd;
}

/// Takes a local-part off the front of `text`. \return its value, or nothing
[[nodiscard]] inline std::optional<std::string> takeLocalPart(std::string_view& text)
{
    if (text.substr(0, 1) != "\"")
    {
        const std::string_view taken = text.substr(0, text.find('@'));
        text.remove_prefix(taken.size());
        return isDotString(taken) ? std::optional<std::string>(taken) : std::nullopt;
    }
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i)
    {
        if (text[i] == '"')
        {
            text.remove_prefix(i + 1);
            return value.empty() ? std::nullopt : std::optional<std::string>(value);
        }
        const bool isEscape = text[i] == '\\';
        i += isEscape ? 1 : 0;
        if (i == text.size() || text[i] < ' ' || text[i] == '\x7f')
            if (i == text.size() || isEscape || !isEightBit(text[i]))
                return std::nullopt;
        value.push_back(text[i]);
    }
    return std::nullopt;
}

/// Labels of letters, digits and inner hyphens, or an address-literal.
[[nodiscard]] inline bool isDomain(std::string_view text) noexcept
{
    if (text.size() > 2 && text.front() == '[' && text.back() == ']')
        return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    char last = '.';
    for (const char c : text)
    {
        const bool isInside = last != '.';
        if (c == '.'   ? !isInside || last == '-'
            : c == '-' ? !isInside
                       : !isAlphanumeric(c) && !isEightBit(c))
            return false;
        last = c;
    }
    return last != '.' && last != '-' && text.size() <= 255;
}

} // namespace detail

/// The address with this local-part, quoted if it is no Dot-string.
/// \param localPart what no quoted string may hold (control octets) is quoted all the same: a store
///                  shall stand it, although the server refuses it
[[nodiscard]] inline Address makeAddress(std::string_view localPart, std::string_view domain)
{
    Address result{{}, std::string(localPart), std::string(domain)};
    std::transform(
        result.domain.begin(), result.domain.end(), result.domain.begin(), detail::lower);
    if (detail::isDotString(localPart))
        result.address = result.localPart;
    else
    {
        result.address = "\"";
        for (const char c : localPart)
            result.address.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
        result.address += '"';
    }
    result.address += "@" + result.domain;
    return result;
}

/// Takes "local@domain" apart. \return nothing if it is no mailbox of RFC 5321 4.1.2
[[nodiscard]] inline std::optional<Address> parseAddress(std::string_view text)
{
    const auto localPart = detail::takeLocalPart(text);
    if (!localPart || text.substr(0, 1) != "@" || !detail::isDomain(text.substr(1)))
        return std::nullopt;
    return makeAddress(*localPart, text.substr(1));
}

} // namespace mpsmtp::testing
