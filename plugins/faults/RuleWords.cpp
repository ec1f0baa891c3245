// What this is and its thread safety: RuleWords.h.
#include "faults/RuleWords.h"

#include <algorithm>

namespace mpsmtp::faults
{

namespace
{

constexpr std::string_view blanks = " \t";
constexpr std::string_view endOfName = " \t=<>";

/// One run over one rule.
class Splitter
{
public:
    Splitter(std::string_view text, std::vector<RuleMistake>& mistakes)
        : _text(text), _mistakes(mistakes)
    {
    }

    std::vector<RuleWord> split()
    {
        for (skipBlanks(); _at < _text.size() && !_isBroken; skipBlanks())
            readWord();
        return std::move(_words);
    }

private:
    void skipBlanks() { _at = std::min(_text.find_first_not_of(blanks, _at), _text.size()); }

    std::string_view readTo(std::string_view end)
    {
        const auto begin = _at;
        _at = std::min(_text.find_first_of(end, begin), _text.size());
        return _text.substr(begin, _at - begin);
    }

    void readWord()
    {
        RuleWord word;
        word.column = _at + 1;
        word.name = readTo(endOfName);
        if (_at < _text.size() && blanks.find(_text[_at]) == std::string_view::npos)
        {
            word.sign = _text[_at++];
            word.value = _at < _text.size() && _text[_at] == '"' ? readQuoted()
                                                                 : std::string(readTo(blanks));
        }
        if (!_isBroken)
            _words.push_back(std::move(word));
    }

    std::string readQuoted()
    {
        const auto begin = _at;
        std::string value;
        for (++_at; _at < _text.size() && _text[_at] != '"'; ++_at)
        {
            const bool isEscape = _text[_at] == '\\' && _at + 1 < _text.size() &&
                                  (_text[_at + 1] == '"' || _text[_at + 1] == '\\');
            value += isEscape ? _text[++_at] : _text[_at];
        }
        if (_at == _text.size())
            breakOff(begin,
                     "the closing \" is missing (in an ini file a \";\" or \"#\" behind a blank "
                     "begins a comment, "
                     "unless the whole value is quoted)");
        else if (++_at < _text.size() && blanks.find(_text[_at]) == std::string_view::npos)
            breakOff(_at, "a blank must follow the closing \"");
        return value;
    }

    /// Behind a broken quote nothing can be told apart.
    void breakOff(std::size_t at, std::string text)
    {
        _isBroken = true;
        _mistakes.push_back({at + 1, std::move(text)});
    }

    const std::string_view _text;
    std::vector<RuleMistake>& _mistakes;
    std::vector<RuleWord> _words;
    std::size_t _at = 0;
    bool _isBroken = false;
};

} // namespace

std::vector<RuleWord> ruleWords(std::string_view text, std::vector<RuleMistake>& mistakes)
{
    return Splitter(text, mistakes).split();
}

} // namespace mpsmtp::faults
