#include "common/ReplyText.h"

#include "common/Ascii.h"

#include <algorithm>
#include <cstddef>

namespace mpsmtp::store
{

namespace
{

[[nodiscard]] std::string_view takeWord(std::string_view& rest) noexcept
{
    rest = trimmed(rest);
    const auto length = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view word = rest.substr(0, length);
    rest.remove_prefix(length);
    return word;
}

[[nodiscard]] bool isFailureClass(char c) noexcept
{
    return c == '4' || c == '5';
}

[[nodiscard]] bool isCode(std::string_view word) noexcept
{
    return word.size() == 3 && isFailureClass(word[0]) && word[1] >= '0' && word[1] <= '5' &&
           isDigit(word[2]);
}

[[nodiscard]] bool isNumber(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= 3 && std::all_of(text.begin(), text.end(), isDigit);
}

[[nodiscard]] bool isStatusCode(std::string_view word) noexcept
{
    const auto last = word.rfind('.');
    return word.size() >= 5 && isFailureClass(word[0]) && word[1] == '.' && last > 1 &&
           isNumber(word.substr(2, last - 2)) && isNumber(word.substr(last + 1));
}

} // namespace

std::optional<ReplyText> parseReplyText(std::string_view line)
{
    ReplyText reply;
    std::string_view rest = line;
    std::string_view word = takeWord(rest);
    if (isCode(word))
    {
        reply.code =
            static_cast<unsigned>((word[0] - '0') * 100 + (word[1] - '0') * 10 + (word[2] - '0'));
        line = rest;
        word = takeWord(rest);
    }
    if (isStatusCode(word))
    {
        reply.enhanced = word;
        line = rest;
    }
    if (reply.code == 0 && reply.enhanced.empty())
        return std::nullopt;
    const bool isOneClass = reply.code == 0 || reply.enhanced.empty() ||
                            reply.code / 100 == static_cast<unsigned>(reply.enhanced[0] - '0');
    reply.text = trimmed(line);
    return isOneClass ? std::optional<ReplyText>(std::move(reply)) : std::nullopt;
}

} // namespace mpsmtp::store
