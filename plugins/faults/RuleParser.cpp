// What this is and its thread safety: RuleParser.h.
#include "faults/RuleParser.h"

#include "faults/Glob.h"
#include "faults/RuleVocabulary.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace mpsmtp::faults
{

namespace
{

std::string quoted(std::string_view text)
{
    return '"' + std::string(text) + '"';
}

/// One run over one rule.
class Parser
{
public:
    explicit Parser(std::string_view text) : _text(text)
    {
        _parsed.rule.text = text;
        _parsed.rule.verb = Verb::Message; // allows most, should the verb be the mistake
        _words = ruleWords(text, _parsed.mistakes);
        _isCut = !_parsed.mistakes.empty();
    }

    ParsedRule parse()
    {
        if (_words.empty() && !_isCut)
            mistake(1, "it is empty; write: on VERB [CONDITION…] do ACTION…");
        else
            readWords();
        std::stable_sort(_parsed.mistakes.begin(),
                         _parsed.mistakes.end(),
                         [](const auto& a, const auto& b) { return a.column < b.column; });
        return std::move(_parsed);
    }

private:
    void mistake(std::size_t column, std::string text)
    {
        _parsed.mistakes.push_back({column, std::move(text)});
    }

    void readWords()
    {
        if (!isWord(0, "on"))
            mistake(1, "a rule begins with \"on\"");
        readVerb();
        std::size_t at = 2;
        for (; at < _words.size() && !isWord(at, "do"); ++at)
            read(conditionWords(), at, 2);
        if (at >= _words.size())
            return missing("\"do\" and what to do");
        const std::size_t begin = at + 1;
        if (begin == _words.size())
            return missing(actionWords().formsOn(_verbs));
        _parsed.rule.actionText = _text.substr(_words[begin].column - 1);
        for (at = begin; at < _words.size(); ++at)
            read(actionWords(), at, begin);
    }

    /// Where the splitter gave up, nobody knows what would have followed.
    void missing(const std::string& what)
    {
        if (!_isCut)
            mistake(_text.size() + 1, "here must follow " + what);
    }

    [[nodiscard]] bool isWord(std::size_t at, std::string_view name) const
    {
        return at < _words.size() && _words[at].name == name && _words[at].sign == '\0';
    }

    void readVerb()
    {
        if (_words.size() < 2)
            return missing("one of " + namesOf(allVerbs));
        const RuleWord& word = _words[1];
        const auto verb = verbOf(word.name);
        if (!verb || word.sign != '\0')
            return mistake(word.column,
                           "unknown verb " + quoted(word.name) + "; write one of " +
                               namesOf(allVerbs));
        _parsed.rule.verb = *verb;
        _verbs = bit(*verb);
    }

    void read(const Vocabulary& vocabulary, std::size_t at, std::size_t begin)
    {
        const RuleWord& word = _words[at];
        const WordSpec* spec = vocabulary.find(word.name);
        if (!spec)
            return mistake(word.column,
                           std::string("unknown ") + vocabulary.kind + ' ' + quoted(word.name) +
                               "; write one of " + vocabulary.formsOn(_verbs));
        if ((spec->verbs & _verbs) == 0)
            return mistake(word.column,
                           quoted(word.name) + " is not known on " + namesOf(_verbs) +
                               ", only on " + namesOf(spec->verbs));
        if (!spec->allowsSign(word.sign))
            return mistake(word.column, quoted(word.name) + " is written " + spec->form());
        if (isRepeated(at, begin))
            return mistake(word.column, quoted(word.name) + " is there twice");
        if (auto allowed = spec->read(word, _parsed.rule); !allowed.empty())
            mistake(word.column, quoted(word.name) + ": " + allowed);
    }

    [[nodiscard]] bool isRepeated(std::size_t at, std::size_t begin) const
    {
        const auto first = _words.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto last = _words.begin() + static_cast<std::ptrdiff_t>(at);
        return std::any_of(first,
                           last,
                           [&](const RuleWord& earlier) {
                               return earlier.sign == last->sign &&
                                      equalIgnoringCase(earlier.name, last->name);
                           });
    }

    const std::string_view _text;
    ParsedRule _parsed;
    std::vector<RuleWord> _words;
    bool _isCut = false;
    Verbs _verbs = allVerbs; ///< the rule's, or all if it is not known
};

} // namespace

ParsedRule parseRule(std::string_view text)
{
    return Parser(text).parse();
}

} // namespace mpsmtp::faults
