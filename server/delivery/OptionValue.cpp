// What this is and its thread safety: OptionValue.h.
#include "delivery/OptionValue.h"

#include "delivery/PathTemplateCheck.h"
#include "delivery/Suggestion.h"
#include "delivery/Values.h"

#include <mpsmtp/Reply.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace mpsmtp::delivery
{

namespace
{

CanonicalValue good(std::string value)
{
    return {std::move(value), {}};
}

CanonicalValue bad(std::string mistake)
{
    return {{}, std::move(mistake)};
}

CanonicalValue notAccepted(std::string_view accepted)
{
    return bad("write " + std::string(accepted));
}

/// Canonical numbers are decimal.
template <class Number>
CanonicalValue decimal(const std::optional<Number>& number, std::string_view accepted)
{
    return number ? good(std::to_string(*number)) : notAccepted(accepted);
}

CanonicalValue duration(std::string_view text)
{
    const auto value = parseDuration(text);
    return value ? good(std::to_string(value->count())) : notAccepted(durationAccepted);
}

CanonicalValue boolean(std::string_view text)
{
    const auto value = parseBool(text);
    return value ? good(*value ? "1" : "0") : notAccepted(boolAccepted);
}

CanonicalValue path(std::string_view text, const std::string& baseDirectory)
{
    if (text.empty())
        return bad("write a path");
    return good((std::filesystem::path(baseDirectory) / text).lexically_normal().string());
}

/// In a template a percent sign of the base folder's own name is written twice.
std::string asLiteral(std::string_view text)
{
    std::string literal;
    for (const char c : text)
        literal.append(c == '%' ? 2 : 1, c);
    return literal;
}

CanonicalValue pathTemplate(std::string_view text, const std::string& baseDirectory)
{
    if (text.empty())
        return bad("write a path");
    if (auto mistake = templateMistake(text); !mistake.empty())
        return bad(std::move(mistake));
    while (text.substr(0, 2) == "./")
        text.remove_prefix(2);
    const bool isAbsolute = text.substr(0, 1) == "/";
    return good(isAbsolute ? std::string(text)
                           : asLiteral(baseDirectory) + "/" + std::string(text));
}

std::vector<std::string_view> choicesOf(std::string_view choices)
{
    std::vector<std::string_view> items;
    for (std::size_t begin = 0; begin < choices.size();)
    {
        const auto end = std::min(choices.find('|', begin), choices.size());
        items.push_back(choices.substr(begin, end - begin));
        begin = end + 1;
    }
    return items;
}

CanonicalValue choice(std::string_view text, std::string_view choices)
{
    const auto items = choicesOf(choices);
    // Letters in another case are no reason to stop a server from starting.
    const auto found =
        std::find_if(items.begin(),
                     items.end(),
                     [&](std::string_view item)
                     { return item.size() == text.size() && editDistance(item, text) == 0; });
    if (found != items.end())
        return good(std::string(*found));
    std::string all;
    for (const auto item : items)
        all.append(all.empty() ? "" : item == items.back() ? " or " : ", ").append(item);
    return bad("write " + all + didYouMean(text, items));
}

/// Canonical lists have one item a line.
CanonicalValue list(std::string_view text)
{
    std::string lines;
    for (const auto item : parseList(text))
        lines.append(lines.empty() ? "" : "\n").append(item);
    return good(std::move(lines));
}

CanonicalValue networks(std::string_view text)
{
    for (const auto item : parseList(text))
        if (!isNetwork(item))
            return bad("\"" + std::string(item) + "\" is not " + std::string(networkAccepted));
    return list(text);
}

} // namespace

CanonicalValue
canonicalValue(const mpsmtp_option& option, std::string_view text, const std::string& baseDirectory)
{
    switch (option.type)
    {
    case MPSMTP_OPTION_STRING:
    case MPSMTP_OPTION_SECRET:
        return good(std::string(text));
    case MPSMTP_OPTION_PATH:
        return path(text, baseDirectory);
    case MPSMTP_OPTION_TEMPLATE:
        return pathTemplate(text, baseDirectory);
    case MPSMTP_OPTION_INT:
        return decimal(parseInteger(text), integerAccepted);
    case MPSMTP_OPTION_BOOL:
        return boolean(text);
    case MPSMTP_OPTION_SIZE:
        return decimal(parseSize(text), sizeAccepted);
    case MPSMTP_OPTION_DURATION:
        return duration(text);
    case MPSMTP_OPTION_OCTAL:
        return decimal(parseOctal(text), octalAccepted);
    case MPSMTP_OPTION_ENUM:
        return choice(text, mpsmtp::detail::fromAbi(option.choices));
    case MPSMTP_OPTION_LIST:
        return list(text);
    case MPSMTP_OPTION_CIDR:
        return networks(text);
    default: // a plugin of a newer minor version
        return bad("the plugin gives it a type that this server does not know");
    }
}

} // namespace mpsmtp::delivery
