// Lists of addresses matched in the way that is seen to be right, for comparison with the quick one; and a generator of
// lists and addresses that nearly match.
#pragma once

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace mpsmtp::delivery::test
{

inline bool naiveGlob(const std::string& glob, const std::string& text)
{
    if (glob.empty())
        return text.empty();
    if (glob[0] == '*')
        return naiveGlob(glob.substr(1), text) ||
               (!text.empty() && naiveGlob(glob, text.substr(1)));
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return !text.empty() && lower(glob[0]) == lower(text[0]) &&
           naiveGlob(glob.substr(1), text.substr(1));
}

/// Both as "local@domain", without quotes.
inline bool naiveMatch(const std::string& pattern, const std::string& address)
{
    const auto at = pattern.find('@');
    const auto otherAt = address.find('@');
    return naiveGlob(pattern.substr(0, at), address.substr(0, otherAt)) &&
           naiveGlob(pattern.substr(at + 1), address.substr(otherAt + 1));
}

/// A list as docs/routes.md has it: items with and without "!".
inline bool naiveList(const std::vector<std::string>& items, const std::string& address)
{
    bool hasWanted = false;
    bool isWanted = false;
    for (const std::string& item : items)
    {
        if (item[0] == '!' && naiveMatch(item.substr(1), address))
            return false;
        hasWanted = hasWanted || item[0] != '!';
        isWanted = isWanted || (item[0] != '!' && naiveMatch(item, address));
    }
    return isWanted || !hasWanted;
}

/// Few letters, so that much is nearly equal; the same in every run.
class AddressGenerator
{
public:
    std::string pattern() { return word("aAb*") + "@" + word("aAb*"); }

    std::string address() { return word("aAbB") + "@" + word("aAbB"); }

    std::vector<std::string> patterns()
    {
        std::vector<std::string> result(1 + _random() % 6);
        for (std::string& each : result)
            each = pattern();
        return result;
    }

    /// Patterns of which some begin with "!".
    std::vector<std::string> list()
    {
        auto result = patterns();
        for (std::string& each : result)
            each.insert(0, _random() % 3 == 0 ? "!" : "");
        return result;
    }

private:
    std::string word(const std::string& letters)
    {
        std::string result(1 + _random() % 4, ' ');
        for (char& c : result)
            c = letters[_random() % letters.size()];
        return result;
    }

    std::mt19937 _random{20261122};
};

} // namespace mpsmtp::delivery::test
