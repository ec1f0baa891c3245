// "Did you mean …?" for keys, sections, types and names. Thread safety: [any].
#pragma once

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

/// Fewest edits (insert, delete, replace, swap of neighbours) that make `a` into `b`; ASCII case is ignored. The optimal
/// string alignment variant of Damerau-Levenshtein: no stretch is edited twice.
[[nodiscard]] std::size_t editDistance(std::string_view a, std::string_view b);

/// The one of `names` that `word` most likely was meant to be, or "" if none is near: at most a third of its letters, and
/// at least one, may differ. The first of equals.
[[nodiscard]] std::string_view closest(std::string_view word,
                                       const std::vector<std::string_view>& names);

/// ` (did you mean "path"?)` with the blank in front, or "" if no name is near.
[[nodiscard]] std::string didYouMean(std::string_view word,
                                     const std::vector<std::string_view>& names);

/// The same for any range of things that convert to string_view.
template <class Names>
[[nodiscard]] std::string didYouMean(std::string_view word, const Names& names)
{
    return didYouMean(word, std::vector<std::string_view>(std::begin(names), std::end(names)));
}

} // namespace mpsmtp::delivery
