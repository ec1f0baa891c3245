// What this is and its thread safety: Suggestion.h.
#include "delivery/Suggestion.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(char x, char y) noexcept
{
    return lower(x) == lower(y);
}

/// Three rows of the usual table: the swap of neighbours looks two rows back.
struct Rows
{
    explicit Rows(std::size_t columns) : beforeLast(columns), last(columns), current(columns)
    {
        std::iota(current.begin(), current.end(), std::size_t{0});
    }

    void advance()
    {
        std::swap(beforeLast, last);
        std::swap(last, current);
    }

    std::vector<std::size_t> beforeLast;
    std::vector<std::size_t> last;
    std::vector<std::size_t> current;
};

void fillRow(Rows& rows, std::string_view a, std::string_view b, std::size_t i)
{
    rows.current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j)
    {
        const std::size_t replaced = rows.last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
        std::size_t fewest = std::min({rows.last[j] + 1, rows.current[j - 1] + 1, replaced});
        if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
            fewest = std::min(fewest, rows.beforeLast[j - 2] + 1);
        rows.current[j] = fewest;
    }
}

} // namespace

std::size_t editDistance(std::string_view a, std::string_view b)
{
    Rows rows(b.size() + 1);
    for (std::size_t i = 1; i <= a.size(); ++i)
    {
        rows.advance();
        fillRow(rows, a, b, i);
    }
    return rows.current.back();
}

std::string_view closest(std::string_view word, const std::vector<std::string_view>& names)
{
    std::string_view best;
    std::size_t fewest = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string_view name : names)
    {
        // A difference in length is a lower bound of the distance, and saves the table.
        const std::size_t longer = std::max(word.size(), name.size());
        const std::size_t shorter = std::min(word.size(), name.size());
        if (name.empty() || longer - shorter >= fewest)
            continue;
        if (const auto distance = editDistance(word, name); distance < fewest)
        {
            fewest = distance;
            best = name;
        }
    }
    return best;
}

std::string didYouMean(std::string_view word, const std::vector<std::string_view>& names)
{
    const auto name = closest(word, names);
    return name.empty() ? std::string() : " (did you mean \"" + std::string(name) + "\"?)";
}

} // namespace mpsmtp::delivery
