// What this is and its thread safety: Glob.h.
#include "faults/Glob.h"

#include <algorithm>

namespace mpsmtp::faults
{

namespace
{

char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal(char a, char b) noexcept
{
    return lower(a) == lower(b);
}

} // namespace

/// Only the last "*" is ever tried again: what an earlier one could still take, the last one can take too.
bool fitsGlob(std::string_view pattern, std::string_view text) noexcept
{
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t starText = 0;
    while (t < text.size())
    {
        if (p < pattern.size() && pattern[p] == '*')
        {
            star = p++;
            starText = t;
        }
        else if (p < pattern.size() && (pattern[p] == '?' || equal(pattern[p], text[t])))
        {
            ++p;
            ++t;
        }
        else if (star != std::string_view::npos)
        {
            p = star + 1;
            t = ++starText;
        }
        else
            return false;
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool equalIgnoringCase(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
}

} // namespace mpsmtp::faults
