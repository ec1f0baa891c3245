// One item of an address list: an address, or a pattern with "*" (docs/routes.md). Leaves to others: lists of them, quick
// look-up (AddressSet), negation and files (RouteItems).
// Thread safety: [any] (values).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace mpsmtp::delivery
{

/// True if `text` is what `pattern` describes: "*" stands for any octets, also for none. ASCII case is ignored, all else is
/// compared octet by octet. Time: at most the product of the lengths.
[[nodiscard]] bool matchesGlob(std::string_view pattern, std::string_view text) noexcept;

/// Two halves, of which each is either an exact text or a glob.
class AddressPattern
{
public:
    /// One half. `text` is the unquoted local-part or the domain without a trailing dot.
    struct Half
    {
        std::string text;
        bool isGlob = false;

        [[nodiscard]] bool isEverything() const noexcept { return isGlob && text == "*"; }

        [[nodiscard]] bool matches(std::string_view other) const noexcept;
    };

    AddressPattern(Half localPart, Half domain);

    /// Reads an item with an "@". \return the pattern, or what is wrong with it, as "has no domain behind the @"
    [[nodiscard]] static std::variant<AddressPattern, std::string> parse(std::string_view text);

    [[nodiscard]] const Half& localPart() const noexcept { return _localPart; }

    [[nodiscard]] const Half& domain() const noexcept { return _domain; }

    /// The address in the canonical form of smtp::Path, if the pattern is one address.
    [[nodiscard]] std::optional<std::string> exactAddress() const;

    /// \param localPart unquoted
    [[nodiscard]] bool matches(std::string_view localPart, std::string_view domain) const noexcept;

private:
    Half _localPart;
    Half _domain;
};

} // namespace mpsmtp::delivery
