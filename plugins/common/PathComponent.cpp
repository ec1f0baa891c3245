#include "common/PathComponent.h"

#include "common/Utf8.h"

#include <cstddef>

namespace mpsmtp::store
{

namespace
{

constexpr std::string_view dotLock = ".lock";

void appendEncoded(std::string& out, std::string_view octets)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char octet : octets)
    {
        const auto value = static_cast<unsigned char>(octet);
        out += '%';
        out += digits[value >> 4u];
        out += digits[value & 0x0Fu];
    }
}

/// Octets that are encoded wherever they stand.
[[nodiscard]] bool isAlwaysEncoded(CodePoint point) noexcept
{
    return point.length == 0 || point.value == '/' || point.value == '\\' || point.value == '%' ||
           isUnseen(point.value);
}

[[nodiscard]] bool isEncodedAtEnds(char octet, bool first, bool last) noexcept
{
    return (octet == ' ' && (first || last)) || (octet == '.' && first);
}

[[nodiscard]] bool endsInDotLock(std::string_view component) noexcept
{
    return component.size() >= dotLock.size() &&
           component.substr(component.size() - dotLock.size()) == dotLock;
}

} // namespace

std::string encodeValue(std::string_view value, const Placement& placement)
{
    std::string out;
    out.reserve(value.size());
    for (std::size_t at = 0; at < value.size();)
    {
        const CodePoint point = firstCodePoint(value.substr(at));
        const std::string_view octets = value.substr(at, point.length == 0 ? 1 : point.length);
        const bool first = placement.atStart && at == 0;
        at += octets.size();
        const bool last = placement.atEnd && at == value.size();
        const bool separates = placement.separator != '\0' && octets.front() == placement.separator;
        if (isAlwaysEncoded(point) || isEncodedAtEnds(octets.front(), first, last) || separates)
            appendEncoded(out, octets);
        else
            out += octets;
    }
    return out;
}

std::string finishComponent(std::string component)
{
    if (component.empty())
        return "%";
    if (component == ".")
        return "%2E";
    // Not "%2E.": that is what a value "." gives in front of a literal dot.
    if (component == "..")
        return "%2E%2E";
    if (endsInDotLock(component))
        return component.replace(component.size() - dotLock.size(), 1, "%2E");
    return component;
}

std::string encodeFolderName(std::string_view value)
{
    std::string out;
    for (const char octet : encodeValue(value))
    {
        const bool isAscii = static_cast<unsigned char>(octet) < 0x80;
        if (isAscii && octet != '.' && octet != '&')
            out += octet;
        else
            appendEncoded(out, {&octet, 1});
    }
    return out.empty() ? "%" : out;
}

} // namespace mpsmtp::store
