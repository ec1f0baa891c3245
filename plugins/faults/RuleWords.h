// The words of a rule with the columns at which they begin, for whoever has to tell where a mistake is.
//
//   rule  = *blank word *( 1*blank word ) *blank
//   word  = name [ ( "=" / "<" / ">" ) value ]
//   value = plain / DQUOTE *( any / "\" DQUOTE / "\\" ) DQUOTE      ; plain ends at a blank
//
// Thread safety: [any] (pure functions).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::faults
{

struct RuleWord
{
    std::size_t column = 0; ///< 1 for the first octet
    std::string name;
    char sign = '\0'; ///< what parts name and value; '\0' if there is no value
    std::string value;
};

struct RuleMistake
{
    std::size_t column = 0;
    std::string text; ///< what is wrong, and what is allowed
};

/// \param mistakes  gets what is wrong; the words in front of it are still returned
[[nodiscard]] std::vector<RuleWord> ruleWords(std::string_view text,
                                              std::vector<RuleMistake>& mistakes);

} // namespace mpsmtp::faults
