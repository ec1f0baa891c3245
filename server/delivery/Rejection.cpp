// What this is and its thread safety: Rejection.h.
//
//   rejection = code [ SP enhanced ] [ SP text ]
//   code      = ( "4" / "5" ) %x30-35 DIGIT                   ; RFC 5321 4.2
//   enhanced  = ( "4" / "5" ) "." 1*3DIGIT "." 1*3DIGIT       ; RFC 3463 2
#include "delivery/Rejection.h"

#include "smtp/Ascii.h"

#include <algorithm>
#include <cstddef>

namespace mpsmtp::delivery
{

namespace
{

constexpr std::size_t mostText = 200; // keeps the reply on one line, with its codes and a margin
constexpr std::size_t mostDigits = 3; // of a subject or detail, RFC 3463 2
constexpr unsigned closing = 421;

std::string inQuotes(std::string_view text)
{
    return "\"" + std::string(text) + "\"";
}

bool isDigits(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), smtp::isDigit);
}

bool isFailureCode(std::string_view word) noexcept
{
    return word.size() == 3 && isDigits(word) && (word[0] == '4' || word[0] == '5') &&
           word[1] <= '5';
}

bool isNumber(std::string_view text) noexcept
{
    return isDigits(text) && text.size() <= mostDigits;
}

/// Digits and at least one dot: meant as an enhanced code, right or wrong.
bool looksEnhanced(std::string_view word) noexcept
{
    return word.find('.') != word.npos && smtp::isDigit(word.empty() ? ' ' : word.front()) &&
           word.find_first_not_of("0123456789.") == word.npos;
}

bool isEnhanced(std::string_view word) noexcept
{
    const auto first = word.find('.');
    const auto second = first == word.npos ? first : word.find('.', first + 1);
    return second != word.npos && first == 1 && (word[0] == '4' || word[0] == '5') &&
           isNumber(word.substr(first + 1, second - first - 1)) &&
           isNumber(word.substr(second + 1));
}

/// \return what is wrong with it, or ""
std::string enhancedMistake(std::string_view word, std::string_view code)
{
    if (!isEnhanced(word))
        return inQuotes(word) + " is no enhanced status code such as " + code.front() + ".7.1";
    if (word.front() != code.front())
        return inQuotes(word) + " does not fit " + std::string(code) + ": it must begin with " +
               code.front();
    return {};
}

/// Replies are ASCII unless a mail transaction has SMTPUTF8 (RFC 6531 3.7.4), which nobody knows here.
std::string textMistake(std::string_view text)
{
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        return "has a text that is not printable ASCII";
    if (text.size() > mostText)
        return "has a text of more than " + std::to_string(mostText) + " octets";
    return {};
}

} // namespace

std::variant<smtp::Reply, std::string> parseRejection(std::string_view text)
{
    text = smtp::trimmed(text);
    const auto code = smtp::takeWord(text);
    if (!isFailureCode(code))
        return "must begin with a reply code from 400 to 559, as in 550 5.7.1 Relaying denied";
    smtp::Reply reply;
    reply.code =
        static_cast<unsigned>((code[0] - '0') * 100 + (code[1] - '0') * 10 + code[2] - '0');
    if (reply.code == closing)
        return "= 421 would end the connection; use 450 or 451";
    reply.enhanced = std::string(1, code.front()) + ".7.1";
    auto rest = text;
    if (const auto word = smtp::takeWord(rest); looksEnhanced(word))
    {
        if (auto mistake = enhancedMistake(word, code); !mistake.empty())
            return mistake;
        reply.enhanced = word;
        text = rest;
    }
    if (auto mistake = textMistake(text); !mistake.empty())
        return mistake;
    reply.text = text;
    if (text.empty())
        reply.text = code.front() == '4' ? "Not accepted now, try again later"
                                         : "Mail to this recipient is not accepted";
    return reply;
}

} // namespace mpsmtp::delivery
