// The words of rules: where each may stand, how it is written, and what its value becomes.
// Leaves to others: the order of words, and mistakes as a user sees them (RuleParser).
// Thread safety: [any] (immutable tables, pure functions).
#pragma once

#include "faults/Rule.h"
#include "faults/RuleWords.h"

#include <optional>
#include <string>
#include <string_view>

namespace mpsmtp::faults
{

using Verbs = unsigned; ///< one bit for each

[[nodiscard]] constexpr Verbs bit(Verb verb) noexcept
{
    return 1U << static_cast<unsigned>(verb);
}

inline constexpr Verbs allVerbs = (1U << verbCount) - 1;

/// "rcpt".
[[nodiscard]] std::string_view nameOf(Verb verb) noexcept;

[[nodiscard]] std::optional<Verb> verbOf(std::string_view name) noexcept;

/// "rcpt, data, message".
[[nodiscard]] std::string namesOf(Verbs verbs);

/// A word that may stand in a rule.
struct WordSpec
{
    std::string_view name;  ///< "header." for all that begin so
    std::string_view signs; ///< "" for a word without a value
    Verbs verbs;            ///< where it may stand
    /// Stores the value in the rule, whose verb is known. \return "", or what to write instead
    std::string (*read)(const RuleWord& word, Rule& rule);

    /// How it is written: "size<…, size>…", "drop".
    [[nodiscard]] std::string form() const;

    [[nodiscard]] bool allowsSign(char sign) const noexcept
    {
        return sign == '\0' ? signs.empty() : signs.find(sign) != std::string_view::npos;
    }
};

/// The words of one kind.
struct Vocabulary
{
    const char* kind; ///< "condition"
    const WordSpec* first;
    const WordSpec* last;

    /// nullptr if there is no such word.
    [[nodiscard]] const WordSpec* find(std::string_view name) const noexcept;

    /// How those that may stand on one of `verbs` are written.
    [[nodiscard]] std::string formsOn(Verbs verbs) const;
};

[[nodiscard]] const Vocabulary& conditionWords() noexcept;
[[nodiscard]] const Vocabulary& actionWords() noexcept;

} // namespace mpsmtp::faults
