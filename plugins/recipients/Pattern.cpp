#include "recipients/Pattern.h"

#include "common/Ascii.h"

#include <algorithm>
#include <cstddef>

namespace mpsmtp::recipients
{

namespace
{

/// Ends an unquoted local part, or cannot stand in one.
[[nodiscard]] bool isSpecial(char c) noexcept
{
    constexpr std::string_view specials = ",:@\"\\()<>[];";
    return store::isBlank(c) || store::isControl(c) || specials.find(c) != std::string_view::npos;
}

[[nodiscard]] bool isLabelOctet(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || store::isDigit(c) || c == '-' || c == '_' ||
           static_cast<unsigned char>(c) > 127;
}

/// Quoted-string = DQUOTE *( qtext / "\" octet ) DQUOTE; never empty, as the server has it.
[[nodiscard]] bool takeQuoted(std::string_view& rest, std::string& localPart)
{
    rest.remove_prefix(1);
    while (!rest.empty() && rest.front() != '"')
    {
        if (rest.front() == '\\')
            rest.remove_prefix(1);
        if (rest.empty() || store::isControl(rest.front()))
            return false;
        localPart += rest.front();
        rest.remove_prefix(1);
    }
    if (rest.empty() || localPart.empty())
        return false;
    rest.remove_prefix(1);
    return true;
}

[[nodiscard]] bool takeLocalPart(std::string_view& rest, std::string& localPart)
{
    if (!rest.empty() && rest.front() == '"')
        return takeQuoted(rest, localPart);
    const auto end = std::find_if(rest.begin(), rest.end(), isSpecial);
    const auto length = static_cast<std::size_t>(end - rest.begin());
    localPart = rest.substr(0, length);
    rest.remove_prefix(length);
    return length > 0;
}

/// True for labels of letters, digits, '-', '_' and UTF-8, each with an octet at least.
[[nodiscard]] bool isHostName(std::string_view text) noexcept
{
    std::size_t label = 0;
    for (const char c : text)
    {
        const bool isDot = c == '.';
        if (isDot ? label == 0 : !isLabelOctet(c))
            return false;
        label = isDot ? 0 : label + 1;
    }
    return label > 0;
}

[[nodiscard]] bool takeDomain(std::string_view& rest, std::string& domain)
{
    const bool isLiteral = !rest.empty() && rest.front() == '[';
    const auto end = isLiteral ? std::min(rest.find(']'), rest.size() - 1) + 1
                               : std::min(rest.find_first_of(" \t,:"), rest.size());
    domain = store::lowerAscii(rest.substr(0, end));
    rest.remove_prefix(end);
    if (!isLiteral)
        return isHostName(domain);
    const bool isWhole = domain.size() > 2 && domain.back() == ']';
    return isWhole && domain.find_first_of(" \t[", 1) == std::string::npos;
}

[[nodiscard]] bool atEnd(std::string_view rest) noexcept
{
    constexpr std::string_view ends = ",:";
    return rest.empty() || store::isBlank(rest.front()) ||
           ends.find(rest.front()) != std::string_view::npos;
}

} // namespace

std::optional<Pattern> takePattern(std::string_view& rest)
{
    const std::string_view whole = rest;
    Pattern pattern;
    if (!takeLocalPart(rest, pattern.localPart))
        return std::nullopt;
    const std::string_view local = whole.substr(0, whole.size() - rest.size());
    pattern.isWholeDomain = local == "*";
    pattern.address = local;
    if (!rest.empty() && rest.front() == '@')
    {
        rest.remove_prefix(1);
        if (!takeDomain(rest, pattern.domain))
            return std::nullopt;
        pattern.address += "@" + pattern.domain;
    }
    if (!atEnd(rest) || (pattern.isWholeDomain && pattern.domain.empty()))
        return std::nullopt;
    return pattern;
}

std::string Rules::folded(std::string_view localPart) const
{
    return isCaseSensitive ? std::string(localPart) : store::lowerAscii(localPart);
}

/// "+lists" has no user: it is a name of its own.
std::string_view Rules::userOf(std::string_view localPart) const noexcept
{
    const auto at = separator.empty() ? std::string_view::npos : localPart.find(separator);
    return at == std::string_view::npos ? std::string_view{} : localPart.substr(0, at);
}

std::string keyOf(const Pattern& pattern, const Rules& rules)
{
    return (pattern.isWholeDomain ? "" : rules.folded(pattern.localPart)) + "@" + pattern.domain;
}

} // namespace mpsmtp::recipients
