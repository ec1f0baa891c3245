// Reads a rule: `on rcpt to=*@slow.example every=3 do delay=2s reply="451 4.3.0 Later"`.
//
//   rule = "on" verb *condition "do" 1*action          ; words: RuleWords.h
//
// Finds every mistake, not only the first.
// Thread safety: [any] (pure functions).
#pragma once

#include "faults/Rule.h"
#include "faults/RuleWords.h"

#include <string_view>
#include <vector>

namespace mpsmtp::faults
{

struct ParsedRule
{
    Rule rule; ///< to be used only if there is no mistake; its name is the caller's to set
    std::vector<RuleMistake> mistakes;
};

[[nodiscard]] ParsedRule parseRule(std::string_view text);

} // namespace mpsmtp::faults
