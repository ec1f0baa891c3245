/// \file
/// The options of a handler under test: checked against the plugin's own table and brought to the
/// canonical form that mpsmtp_host.option() promises, as the server does it with an ini section.
/// Leaves out the server's own keys of a section (`type`, `plugin`, `required`, …): give only the
/// plugin's. Thread safety: [any].
#pragma once

#include <mpsmtp/Reply.h>
#include <mpsmtp/abi.h>
#include <mpsmtp/testing/Address.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>

namespace mpsmtp::testing
{

/// Keys and values as they stand in an ini section: {{"path", "mail/%{rcpt}"}, {"mode", "0600"}}.
using Options = std::vector<std::pair<std::string, std::string>>;

/// The plugin or its configuration is wrong: what would keep the server from starting.
class ConfigurationError : public std::runtime_error
{
public:
    /// \param mistakes one sentence each; at least one
    explicit ConfigurationError(std::vector<std::string> mistakes)
        : std::runtime_error(joined(mistakes)), _mistakes(std::move(mistakes))
    {
    }

    /// All of them, one sentence each; what() has them one a line.
    [[nodiscard]] const std::vector<std::string>& mistakes() const noexcept { return _mistakes; }

private:
    [[nodiscard]] static std::string joined(const std::vector<std::string>& mistakes)
    {
        std::string text;
        for (const std::string& mistake : mistakes)
            text.append(text.empty() ? "" : "\n").append(mistake);
        return text;
    }

    std::vector<std::string> _mistakes;
};

namespace detail
{

using mpsmtp::detail::fromAbi;
using mpsmtp::detail::toAbi;

/// A canonical value, or why there is none.
struct Canonical
{
    std::optional<std::string> value;
    std::string mistake;

    [[nodiscard]] static Canonical good(std::string text) { return {std::move(text), {}}; }

    [[nodiscard]] static Canonical bad(std::string text) { return {{}, std::move(text)}; }
};

template <class Number>
[[nodiscard]] std::optional<Number> wholeNumber(std::string_view text, int base = 10) noexcept
{
    Number value{};
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value, base);
    const bool isWhole = !text.empty() && result.ec == std::errc() && result.ptr == end;
    return isWhole ? std::optional<Number>(value) : std::nullopt;
}

struct Unit
{
    std::string_view name;
    std::uint64_t factor;
};

/// value = 1*DIGIT [ unit ]
template <std::size_t Count>
[[nodiscard]] Canonical
withUnit(std::string_view text, const std::array<Unit, Count>& units, const char* accepted)
{
    constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = wholeNumber<std::uint64_t>(text.substr(0, digits));
    for (const Unit& unit : units)
        if (number && equalIgnoringCase(unit.name, text.substr(digits)) &&
            *number <= largest / unit.factor)
            return Canonical::good(std::to_string(*number * unit.factor));
    return Canonical::bad(accepted);
}

[[nodiscard]] inline Canonical canonicalSize(std::string_view text)
{
    constexpr std::array<Unit, 5> units{
        {{"", 1}, {"k", 1ull << 10}, {"m", 1ull << 20}, {"g", 1ull << 30}, {"t", 1ull << 40}}};
    return withUnit(text, units, "write a size such as 500, 10K, 50M or 2G");
}

[[nodiscard]] inline Canonical canonicalDuration(std::string_view text)
{
    constexpr std::array<Unit, 6> units{
        {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
    return withUnit(text, units, "write a duration such as 250ms, 30s, 5m, 12h or 7d");
}

[[nodiscard]] inline Canonical canonicalBool(std::string_view text)
{
    for (const char* word : {"yes", "true", "on", "1"})
        if (equalIgnoringCase(word, text))
            return Canonical::good("1");
    for (const char* word : {"no", "false", "off", "0"})
        if (equalIgnoringCase(word, text))
            return Canonical::good("0");
    return Canonical::bad("write yes or no");
}

[[nodiscard]] inline Canonical canonicalOctal(std::string_view text)
{
    const auto mode = wholeNumber<unsigned>(text, 8);
    return mode && *mode <= 07777 ? Canonical::good(std::to_string(*mode))
                                  : Canonical::bad("write an octal file mode such as 0600");
}

[[nodiscard]] inline Canonical canonicalInteger(std::string_view text)
{
    const auto value = wholeNumber<std::int64_t>(text);
    return value ? Canonical::good(std::to_string(*value))
                 : Canonical::bad("write a whole number such as 0, 25 or -1");
}

[[nodiscard]] inline Canonical canonicalPath(std::string_view text)
{
    if (text.empty())
        return Canonical::bad("write a path");
    return Canonical::good((std::filesystem::current_path() / text).lexically_normal().string());
}

/// What is wrong with `inside` of "%{inside}", or "".
[[nodiscard]] inline std::string templateNameMistake(std::string_view inside)
{
    constexpr std::string_view modifier = ":lowercase";
    if (inside.size() >= modifier.size() &&
        inside.substr(inside.size() - modifier.size()) == modifier)
        inside.remove_suffix(modifier.size());
    for (const char* name : {"rcpt",
                             "rcpt.user",
                             "rcpt.domain",
                             "rcpt.detail",
                             "rcpt.mailbox",
                             "sender",
                             "sender.user",
                             "sender.domain",
                             "client",
                             "listener",
                             "id"})
        if (inside == name)
            return {};
    const bool isDate = inside.substr(0, 5) == "date:" && inside.size() > 5;
    return isDate ? std::string() : "unknown %{" + std::string(inside) + "}";
}

/// What is wrong with the first wrong "%{…}", or "".
[[nodiscard]] inline std::string templateMistake(std::string_view text)
{
    for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at))
    {
        if (text.substr(at + 1, 1) != "{")
        {
            at += text.substr(at + 1, 1) == "%" ? 2 : 1;
            continue;
        }
        const auto end = text.find('}', at);
        if (end == std::string_view::npos)
            return "\"%{\" without \"}\"";
        if (auto mistake = templateNameMistake(text.substr(at + 2, end - at - 2)); !mistake.empty())
            return mistake;
        at = end + 1;
    }
    return {};
}

/// Kept as written but absolute; a percent sign of the base folder's own name is written twice.
[[nodiscard]] inline Canonical canonicalTemplate(std::string_view text)
{
    if (text.empty())
        return Canonical::bad("write a path");
    if (auto mistake = templateMistake(text); !mistake.empty())
        return Canonical::bad(std::move(mistake));
    while (text.substr(0, 2) == "./")
        text.remove_prefix(2);
    if (text.substr(0, 1) == "/")
        return Canonical::good(std::string(text));
    std::string base;
    for (const char c : std::filesystem::current_path().string())
        base.append(c == '%' ? 2 : 1, c);
    return Canonical::good(base + "/" + std::string(text));
}

[[nodiscard]] inline std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> items;
    for (std::size_t begin = 0; begin <= text.size();)
    {
        const auto end = std::min(text.find(separator, begin), text.size());
        items.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return items;
}

[[nodiscard]] inline Canonical canonicalChoice(std::string_view text, std::string_view choices)
{
    for (const std::string_view choice : split(choices, '|'))
        if (equalIgnoringCase(choice, text))
            return Canonical::good(std::string(choice));
    return Canonical::bad("write one of " + std::string(choices));
}

/// The items between commas, trimmed, without empty ones.
[[nodiscard]] inline std::vector<std::string_view> listItems(std::string_view text)
{
    std::vector<std::string_view> items;
    for (std::string_view item : split(text, ','))
    {
        item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
        item = item.substr(0, item.find_last_not_of(" \t") + 1);
        if (!item.empty())
            items.push_back(item);
    }
    return items;
}

[[nodiscard]] inline Canonical canonicalList(std::string_view text)
{
    std::string lines;
    for (const std::string_view item : listItems(text))
        lines.append(lines.empty() ? "" : "\n").append(item);
    return Canonical::good(std::move(lines));
}

/// An IPv4 or IPv6 address, alone or with "/" and a prefix length.
[[nodiscard]] inline bool isNetwork(std::string_view text)
{
    const auto slash = text.find('/');
    const std::string address(text.substr(0, slash));
    if (address.find('\0') != std::string::npos)
        return false;
    std::array<unsigned char, 16> octets{};
    const bool isIpv4 = ::inet_pton(AF_INET, address.c_str(), octets.data()) == 1;
    if (!isIpv4 && ::inet_pton(AF_INET6, address.c_str(), octets.data()) != 1)
        return false;
    if (slash == std::string_view::npos)
        return true;
    const auto bits = wholeNumber<unsigned>(text.substr(slash + 1));
    return bits && *bits <= (isIpv4 ? 32u : 128u);
}

[[nodiscard]] inline Canonical canonicalNetworks(std::string_view text)
{
    for (const std::string_view item : listItems(text))
        if (!isNetwork(item))
            return Canonical::bad("\"" + std::string(item) + "\" is not an address or network");
    return canonicalList(text);
}

[[nodiscard]] inline Canonical canonicalValue(const mpsmtp_option& option, std::string_view text)
{
    switch (option.type)
    {
    case MPSMTP_OPTION_STRING:
    case MPSMTP_OPTION_SECRET:
        return Canonical::good(std::string(text));
    case MPSMTP_OPTION_PATH:
        return canonicalPath(text);
    case MPSMTP_OPTION_TEMPLATE:
        return canonicalTemplate(text);
    case MPSMTP_OPTION_INT:
        return canonicalInteger(text);
    case MPSMTP_OPTION_BOOL:
        return canonicalBool(text);
    case MPSMTP_OPTION_SIZE:
        return canonicalSize(text);
    case MPSMTP_OPTION_DURATION:
        return canonicalDuration(text);
    case MPSMTP_OPTION_OCTAL:
        return canonicalOctal(text);
    case MPSMTP_OPTION_ENUM:
        return canonicalChoice(text, fromAbi(option.choices));
    case MPSMTP_OPTION_LIST:
        return canonicalList(text);
    case MPSMTP_OPTION_CIDR:
        return canonicalNetworks(text);
    default:
        return Canonical::bad("its type is unknown to this version of the SDK");
    }
}

using OptionValues = std::map<std::string, std::string, std::less<>>;

/// Checks what the test gave against a plugin's table.
class OptionChecker
{
public:
    explicit OptionChecker(const mpsmtp_plugin& plugin) noexcept : _plugin(plugin) {}

    /// \return every value in canonical form, defaults included
    /// \throws ConfigurationError
    [[nodiscard]] OptionValues check(const Options& options)
    {
        for (const auto& [key, value] : options)
            checkSetting(key, value);
        for (std::size_t i = 0; i < _plugin.option_count; ++i)
            if (!isSet(options, fromAbi(_plugin.options[i]->key)))
                useDefault(*_plugin.options[i]);
        if (!_mistakes.empty())
            throw ConfigurationError(_mistakes);
        return std::move(_values);
    }

private:
    [[nodiscard]] static bool isSet(const Options& options, std::string_view key)
    {
        return std::any_of(options.begin(),
                           options.end(),
                           [key](const auto& setting) { return setting.first == key; });
    }

    [[nodiscard]] const mpsmtp_option* find(std::string_view key) const
    {
        for (std::size_t i = 0; i < _plugin.option_count; ++i)
            if (fromAbi(_plugin.options[i]->key) == key)
                return _plugin.options[i];
        return nullptr;
    }

    void checkSetting(const std::string& key, const std::string& value)
    {
        const mpsmtp_option* option = find(key);
        if (!option)
            _mistakes.push_back("unknown key \"" + key + "\"" + known());
        else if (!_seen.emplace(key, value).second)
            _mistakes.push_back("\"" + key + "\" is set twice");
        else
            keep(*option, value, "bad value \"" + value + "\" for \"" + key + "\": ");
    }

    [[nodiscard]] std::string known() const
    {
        std::string keys;
        for (std::size_t i = 0; i < _plugin.option_count; ++i)
            keys.append(keys.empty() ? "" : ", ").append(fromAbi(_plugin.options[i]->key));
        return keys.empty() ? "; the plugin has no options" : "; the plugin has: " + keys;
    }

    void useDefault(const mpsmtp_option& option)
    {
        const std::string key(fromAbi(option.key));
        const std::string value(fromAbi(option.default_value));
        if (option.required != 0)
            _mistakes.push_back("\"" + key + "\" is missing: " + std::string(fromAbi(option.doc)));
        else if (option.has_default != 0)
            keep(option,
                 value,
                 "the plugin's own default \"" + value + "\" for \"" + key + "\" is wrong: ");
    }

    void keep(const mpsmtp_option& option, std::string_view value, const std::string& sentence)
    {
        Canonical result = canonicalValue(option, value);
        if (result.value)
            _values[std::string(fromAbi(option.key))] = std::move(*result.value);
        else
            _mistakes.push_back(sentence + result.mistake);
    }

    const mpsmtp_plugin& _plugin;
    OptionValues _seen;
    OptionValues _values;
    std::vector<std::string> _mistakes;
};

} // namespace detail

} // namespace mpsmtp::testing
