#include "headers/Rules.h"

#include "common/Ascii.h"
#include "common/PlainFile.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace mpsmtp::headers
{

namespace
{

constexpr std::size_t longestName = 200; // with a value behind it on a line of 998

/// ftext (RFC 5322 3.6.8).
[[nodiscard]] bool isNameOctet(char c) noexcept
{
    return c > ' ' && c < '\x7f' && c != ':';
}

[[nodiscard]] bool isName(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longestName &&
           std::all_of(text.begin(), text.end(), isNameOctet);
}

[[nodiscard]] std::string quoted(std::string_view text)
{
    return "\"" + std::string(text) + "\"";
}

class Reader
{
public:
    void file(const std::string& path)
    {
        store::requirePlainFile(path);
        std::ifstream in(path);
        if (!in)
            throw std::system_error(errno, std::generic_category(), "cannot read " + path);
        std::size_t number = 0;
        for (std::string line; std::getline(in, line);)
        {
            _place = path + ":" + std::to_string(++number);
            this->line(line);
        }
        if (in.bad())
            throw std::system_error(EIO, std::generic_category(), "cannot read " + path);
    }

    void options(const Config& config)
    {
        for (const char* key : {"set", "add"})
            if (config.has(key))
            {
                _place = key;
                field(key, config.string(key));
            }
        _place = "remove";
        for (const std::string& glob : config.list("remove"))
            remove(glob);
    }

    [[nodiscard]] Rules result()
    {
        if (_mistakes.empty() && _rules.removed.empty() && _rules.set.empty() &&
            _rules.added.empty())
            _mistakes = "no rule: write one of remove, set, add and file";
        if (!_mistakes.empty())
            throw std::runtime_error(_mistakes);
        return std::move(_rules);
    }

private:
    void fail(const std::string& text)
    {
        _mistakes.append(_mistakes.empty() ? "" : "\n").append(_place).append(": ").append(text);
    }

    void line(std::string_view text)
    {
        if (!text.empty() && text.back() == '\r')
            text.remove_suffix(1);
        text = store::trimmed(text);
        if (text.empty() || text.front() == '#')
            return;
        const auto end = std::min(text.find_first_of(" \t"), text.size());
        const std::string_view word = text.substr(0, end);
        const std::string_view rest = store::trimmed(text.substr(end));
        if (word == "remove")
            names(rest);
        else if (word == "set" || word == "add")
            field(word, rest);
        else
            fail(quoted(word) + " is not remove, set or add");
    }

    void names(std::string_view list)
    {
        for (bool isMore = true; isMore;)
        {
            const auto comma = list.find(',');
            isMore = comma != std::string_view::npos;
            remove(store::trimmed(list.substr(0, comma)));
            list.remove_prefix(isMore ? comma + 1 : list.size());
        }
    }

    void remove(std::string_view glob)
    {
        if (!isName(glob))
            return fail(quoted(glob) + " is no field name");
        _rules.removed.push_back(store::lowerAscii(glob));
    }

    void field(std::string_view kind, std::string_view text)
    {
        const auto colon = text.find(':');
        const std::string_view name = store::trimmed(text.substr(0, colon));
        if (colon == std::string_view::npos || !isName(name))
            return fail(quoted(text) + " is no header field: write Name: value");
        const bool isTwice = kind == "set" && std::any_of(_rules.set.begin(),
                                                          _rules.set.end(),
                                                          [&](const FieldRule& rule)
                                                          { return isSameName(rule.name, name); });
        if (isTwice)
            return fail(quoted(name) + " is set twice");
        try
        {
            auto& rules = kind == "set" ? _rules.set : _rules.added;
            rules.push_back(
                {std::string(name), ValueTemplate(store::trimmed(text.substr(colon + 1)))});
        }
        catch (const std::invalid_argument& error)
        {
            fail(std::string(name) + ": " + error.what());
        }
    }

    Rules _rules;
    std::string _place;    // of what is being read, for its mistakes
    std::string _mistakes; // one a line
};

} // namespace

bool isSameName(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(),
                      a.end(),
                      b.begin(),
                      b.end(),
                      [](char x, char y) { return store::lowerAscii(x) == store::lowerAscii(y); });
}

/// Greedy, going back to the last star only: linear in name times glob at most.
bool matchesGlob(std::string_view name, std::string_view glob) noexcept
{
    std::size_t at = 0, of = 0, star = std::string_view::npos, behindStar = 0;
    while (at < name.size())
    {
        if (of < glob.size() && glob[of] == '*')
        {
            star = of++;
            behindStar = at;
        }
        else if (of < glob.size() && (glob[of] == '?' || glob[of] == store::lowerAscii(name[at])))
        {
            ++at;
            ++of;
        }
        else if (star != std::string_view::npos)
        {
            of = star + 1;
            at = ++behindStar;
        }
        else
            return false;
    }
    return glob.find_first_not_of('*', of) == std::string_view::npos;
}

Rules readRules(const Config& config)
{
    Reader reader;
    if (config.has("file"))
        reader.file(config.string("file"));
    reader.options(config);
    return reader.result();
}

} // namespace mpsmtp::headers
