// Fuzz target: the file of recipients, which people and programs write while the server runs, and replies in it.
//
//   input = case separator *octets                                   ; 2 choices (Fuzzing.h), then the file
#include "common/ReplyText.h"
#include "fuzz/Fuzzing.h"
#include "recipients/RecipientTable.h"

#include <algorithm>
#include <array>

namespace mpsmtp::fuzz
{

namespace
{

using recipients::Answer;
using recipients::RecipientTable;

const std::string file = "list";

/// "list:LINE: …" with a line that is there.
void checkMistakes(const std::vector<std::string>& mistakes, std::size_t lines)
{
    for (const std::string& mistake : mistakes)
    {
        REQUIRE(mistake.substr(0, file.size() + 1) == file + ':', shown(mistake));
        const std::size_t line = std::stoul(mistake.substr(file.size() + 1));
        REQUIRE(line >= 1 && line <= lines, shown(mistake));
    }
}

void checkAnswer(const Answer& answer)
{
    const unsigned code = answer.reply.code();
    REQUIRE(code == 0 || (code >= 400 && code < 600 && answer.targets.empty()),
            std::to_string(code));
    for (const std::string& target : answer.targets)
    {
        std::string_view rest = target;
        const auto pattern = recipients::takePattern(rest);
        REQUIRE(pattern && rest.empty() && !pattern->domain.empty() && !pattern->isWholeDomain,
                shown(target));
        REQUIRE(std::count(answer.targets.begin(), answer.targets.end(), target) == 1,
                "an alias that gives a mail twice");
    }
}

/// Who stands in a file without mistakes is known.
void checkLine(std::string_view line, const RecipientTable& table)
{
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == line.npos || line[first] == '#' || line[first] == '\r')
        return;
    std::string_view rest = line.substr(first);
    const auto pattern = recipients::takePattern(rest);
    if (!pattern)
        return; // the carriage return of the line's end is in the way
    const std::string domain = pattern->domain.empty() ? "any.test" : pattern->domain;
    const std::string local = pattern->isWholeDomain ? "anybody" : pattern->localPart;
    const Answer* answer = table.find(local, domain);
    REQUIRE(answer != nullptr, shown(line));
    checkAnswer(*answer);
}

void checkTable(std::string_view text, const RecipientTable::Settings& settings)
{
    std::vector<std::string> mistakes;
    const RecipientTable table(text, file, settings, mistakes);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    checkMistakes(mistakes, lines);
    REQUIRE(table.size() <= lines, "more users than lines");
    if (!mistakes.empty())
        return;
    while (!text.empty())
    {
        const std::size_t end = std::min(text.find('\n'), text.size());
        checkLine(text.substr(0, end), table);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void checkReply(std::string_view text)
{
    const auto reply = store::parseReplyText(text);
    if (!reply)
        return;
    REQUIRE(reply->code == 0 || (reply->code >= 400 && reply->code < 600), shown(text));
    REQUIRE(reply->code == 0 || reply->enhanced.empty() ||
                reply->enhanced.front() == static_cast<char>('0' + reply->code / 100),
            shown(text));
}

} // namespace

void run(std::string_view input)
{
    Choices choices(input, 2);
    RecipientTable::Settings settings;
    settings.rules.isCaseSensitive = choices.next(2) == 1;
    const std::array<const char*, 4> separators{"+", "", "-", "--"};
    settings.rules.separator = separators.at(choices.next(separators.size()));
    checkTable(choices.octets(), settings);
    checkReply(choices.octets());
}

} // namespace mpsmtp::fuzz
