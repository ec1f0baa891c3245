#include "exec/CommandLine.h"

#include "common/Ascii.h"

#include <stdexcept>
#include <utility>

namespace mpsmtp::exec
{

std::vector<std::string> splitCommand(std::string_view text)
{
    std::vector<std::string> words;
    std::string word;
    bool isWord = false; // "" is a word too
    bool isQuoted = false;
    for (std::size_t i = 0; i < text.size(); ++i)
    {
        const bool isEnd = !isQuoted && store::isBlank(text[i]);
        if (isEnd && isWord)
            words.push_back(std::exchange(word, {}));
        isWord = !isEnd;
        if (isEnd)
            continue;
        if (text[i] == '"')
            isQuoted = !isQuoted;
        else if (text[i] != '\\')
            word += text[i];
        else if (++i < text.size())
            word += text[i];
        else
            throw std::invalid_argument("nothing follows the last backslash");
    }
    if (isQuoted)
        throw std::invalid_argument("a \" has no end");
    if (isWord)
        words.push_back(std::move(word));
    return words;
}

} // namespace mpsmtp::exec
