#include "recipients/RecipientTable.h"

#include "common/Ascii.h"
#include "common/ReplyText.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

namespace mpsmtp::recipients
{

namespace
{

/// Up to a '#' at the start or behind a blank: elsewhere it is part of an address.
[[nodiscard]] std::string_view withoutComment(std::string_view line) noexcept
{
    for (auto at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
        if (at == 0 || store::isBlank(line[at - 1]))
            return line.substr(0, at);
    return line;
}

[[nodiscard]] std::string_view takeLine(std::string_view& text) noexcept
{
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    return line;
}

} // namespace

/// An alias as written; its targets wait for the whole file.
struct Alias
{
    std::size_t line;
    std::uint32_t answer;
    bool isWholeAddress; ///< not "user", not "*@domain"
    std::string key;
    std::vector<Pattern> targets;
};

class RecipientTable::Parser
{
public:
    Parser(RecipientTable& table, const std::string& name, std::vector<std::string>& mistakes)
        : _table(table), _name(name), _mistakes(mistakes)
    {
    }

    void run(std::string_view text)
    {
        while (!text.empty())
        {
            ++_line;
            if (const auto line = store::trimmed(withoutComment(takeLine(text))); !line.empty())
                entry(line);
        }
    }

    [[nodiscard]] std::vector<Alias>& aliases() noexcept { return _aliases; }

private:
    void fail(const std::string& text)
    {
        _mistakes.push_back(_name + ":" + std::to_string(_line) + ": " + text);
    }

    void entry(std::string_view line)
    {
        std::string_view rest = line;
        const auto pattern = takePattern(rest);
        rest = store::trimmed(rest);
        if (!pattern || (!rest.empty() && rest.front() != ':'))
            return fail("\"" + std::string(line) +
                        "\" begins with no address: write user@domain, user or *@domain");
        const std::string key = keyOf(*pattern, _table._rules);
        if (const auto [line1, isNew] = _lines.try_emplace(key, _line); !isNew)
            return fail(pattern->address + " is there already, in line " +
                        std::to_string(line1->second));
        _table._index.emplace(key, rest.empty() ? 0 : right(*pattern, key, rest.substr(1)));
    }

    /// What stands right of the colon.
    /// \return its answer
    [[nodiscard]] Index right(const Pattern& pattern, const std::string& key, std::string_view text)
    {
        text = store::trimmed(text);
        const auto answer = static_cast<Index>(_table._answers.size());
        _table._answers.emplace_back();
        if (!text.empty() && text.front() == '!')
            reply(text.substr(1), _table._answers.back());
        else
            alias(text,
                  {_line, answer, !pattern.isWholeDomain && !pattern.domain.empty(), key, {}});
        return answer;
    }

    void reply(std::string_view text, Answer& answer)
    {
        const auto parsed = store::parseReplyText(text);
        if (parsed && parsed->code != 0)
            answer.reply = Reply(parsed->code, parsed->enhanced, parsed->text);
        else
            fail("\"!" + std::string(text) +
                 "\" is no reply: write !550 5.1.1 Text, with 4xx or 5xx and its enhanced code");
    }

    void alias(std::string_view text, Alias alias)
    {
        for (bool isMore = true; isMore;)
        {
            std::string_view rest = text;
            auto target = takePattern(rest);
            const std::string_view word = text.substr(0, std::min(text.find(','), text.size()));
            rest = store::trimmed(target ? rest : text.substr(word.size()));
            if (!target || target->domain.empty() || target->isWholeDomain ||
                (!rest.empty() && rest.front() != ','))
                return fail("\"" + std::string(store::trimmed(word)) +
                            "\" is no address to deliver to: write user@domain");
            alias.targets.push_back(std::move(*target));
            isMore = !rest.empty();
            text = store::trimmed(rest.substr(isMore ? 1 : 0));
        }
        _aliases.push_back(std::move(alias));
    }

    RecipientTable& _table;
    const std::string& _name;
    std::vector<std::string>& _mistakes;
    std::size_t _line = 0;
    std::unordered_map<std::string, std::size_t> _lines; // where a key was first
    std::vector<Alias> _aliases;
};

/// Follows aliases that lead to aliases, each once: what it has found stays in the answers.
class RecipientTable::Resolver
{
public:
    Resolver(RecipientTable& table,
             const Settings& settings,
             const std::vector<Alias>& aliases,
             const std::string& name,
             std::vector<std::string>& mistakes)
        : _table(table), _settings(settings), _aliases(aliases), _name(name), _mistakes(mistakes)
    {
        for (std::size_t i = 0; i < aliases.size(); ++i)
            _byAnswer.emplace(aliases[i].answer, i);
        _states.resize(aliases.size(), State::Waiting);
    }

    void run()
    {
        for (std::size_t i = 0; i < _aliases.size(); ++i)
            resolve(i, 0);
    }

private:
    enum class State : std::uint8_t
    {
        Waiting,
        Running,
        Done
    };

    using Seen = std::unordered_set<std::string>;

    void fail(const Alias& alias, const std::string& text)
    {
        _mistakes.push_back(_name + ":" + std::to_string(alias.line) + ": " + text);
    }

    void resolve(std::size_t index, std::size_t depth)
    {
        if (_states[index] == State::Done)
            return;
        _states[index] = State::Running;
        Seen seen;
        for (const Pattern& target : _aliases[index].targets)
            follow(index, target, depth, seen);
        _states[index] = State::Done;
    }

    void follow(std::size_t index, const Pattern& target, std::size_t depth, Seen& seen)
    {
        const Alias& alias = _aliases[index];
        const Index* found = isJudged(target.domain, _settings)
                                 ? _table.lookUp(target.localPart, target.domain)
                                 : nullptr;
        if (found && _table._answers[*found].reply.code() != 0)
            return fail(alias, target.address + " is refused by this file");
        const auto next = found ? _byAnswer.find(*found) : _byAnswer.end();
        if (next == _byAnswer.end() || endsHere(index, next->second, target))
            return add(index, target.address, seen);
        if (_states[next->second] == State::Running)
            return fail(alias, target.address + " leads back to itself");
        if (depth + 1 >= deepestAlias)
            return fail(alias,
                        "aliases are nested more than " + std::to_string(deepestAlias) + " deep");
        resolve(next->second, depth + 1);
        for (const std::string& end : _table._answers[*found].targets)
            add(index, end, seen);
    }

    /// "*@a.example: ben@a.example", "ben@a.example: ben+work@a.example": what only the alias's own
    /// pattern matches is meant as it stands.
    [[nodiscard]] bool endsHere(std::size_t index, std::size_t next, const Pattern& target) const
    {
        const Alias& alias = _aliases[index];
        return index == next &&
               !(alias.isWholeAddress && keyOf(target, _table._rules) == alias.key);
    }

    void add(std::size_t index, const std::string& address, Seen& seen)
    {
        if (seen.insert(address).second)
            _table._answers[_aliases[index].answer].targets.push_back(address);
    }

    RecipientTable& _table;
    const Settings& _settings;
    const std::vector<Alias>& _aliases;
    const std::string& _name;
    std::vector<std::string>& _mistakes;
    std::unordered_map<Index, std::size_t> _byAnswer; // alias of an answer
    std::vector<State> _states;
};

RecipientTable::RecipientTable(std::string_view text,
                               const std::string& name,
                               const Settings& settings,
                               std::vector<std::string>& mistakes)
    : _rules(settings.rules), _answers(1)
{
    _index.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    Parser parser(*this, name, mistakes);
    parser.run(text);
    Resolver(*this, settings, parser.aliases(), name, mistakes).run();
}

bool RecipientTable::isJudged(std::string_view domain, const Settings& settings) noexcept
{
    const auto& domains = settings.domains;
    return domains.empty() || std::find(domains.begin(), domains.end(), domain) != domains.end();
}

const Answer* RecipientTable::find(std::string_view localPart, std::string_view domain) const
{
    const Index* found = lookUp(localPart, domain);
    return found ? &_answers[*found] : nullptr;
}

const RecipientTable::Index* RecipientTable::lookUp(std::string_view localPart,
                                                    std::string_view domain) const
{
    const std::string folded = _rules.folded(localPart);
    if (const Index* found = at(folded, domain))
        return found;
    if (const auto user = _rules.userOf(folded); !user.empty())
        if (const Index* found = at(user, domain))
            return found;
    const auto whole = _index.find("@" + std::string(domain));
    return whole == _index.end() ? nullptr : &whole->second;
}

/// In this domain, or in every one.
const RecipientTable::Index* RecipientTable::at(std::string_view localPart,
                                                std::string_view domain) const
{
    std::string key(localPart);
    key += '@';
    const std::size_t everywhere = key.size();
    auto found = _index.find(key.append(domain));
    if (found == _index.end())
        found = _index.find(key.substr(0, everywhere));
    return found == _index.end() ? nullptr : &found->second;
}

} // namespace mpsmtp::recipients
