// What this is and its thread safety: Head.h.
#include "http/Head.h"

#include <algorithm>

namespace mpsmtp::http
{

namespace
{

bool isLetter(char c) noexcept
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool isDigit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

bool isVisible(char c) noexcept
{
    return c > ' ' && c < '\x7f';
}

/// HTTP-version = "HTTP" "/" DIGIT "." DIGIT                                                              (RFC 9112 2.3)
bool isVersion(std::string_view word) noexcept
{
    constexpr std::string_view name = "HTTP/";
    return word.size() == name.size() + 3 && word.substr(0, name.size()) == name &&
           isDigit(word[5]) && word[6] == '.' && isDigit(word[7]);
}

/// The digit in front of the dot; `line` is a request line.
char majorOf(std::string_view line) noexcept
{
    return line[line.rfind('.') - 1];
}

/// request-line = method SP request-target SP HTTP-version                                                  (RFC 9112 3)
/// What POCO reads for the three ends where a visible octet does not follow, at the end of a line too: so in a line of another
/// form it may wait for what has been taken for the end of the head.
bool isRequestLine(std::string_view line) noexcept
{
    constexpr auto none = std::string_view::npos;
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == none || last < first + 2 || !isVersion(line.substr(last + 1)))
        return false;
    const auto target = line.substr(first + 1, last - first - 1);
    return std::all_of(line.begin(), line.begin() + first, isVisible) &&
           std::all_of(target.begin(), target.end(), isVisible);
}

} // namespace

/// HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]                              (RFC 9112 2.1)
/// Empty lines before the request line are ignored, and a line may end with LF alone                      (RFC 9112 2.2)
/// method = token: of those that anybody has registered, each begins with a letter
Head headOf(std::string_view octets) noexcept
{
    constexpr auto none = std::string_view::npos;
    octets = octets.substr(0, mostHeadOctets);
    const bool isAll = octets.size() == mostHeadOctets;
    const auto start = octets.find_first_not_of("\r\n");
    if (start == none)
        return isAll ? Head::LongLine : Head::Unfinished;
    octets.remove_prefix(start);
    if (!isLetter(octets.front()))
        return Head::NoRequest;
    const auto end = octets.find('\n');
    if (end == none)
        return isAll ? Head::LongLine : Head::Unfinished;
    if (!isRequestLine(octets.substr(0, end)))
        return Head::NoRequest;
    if (majorOf(octets.substr(0, end)) != '1')
        return Head::OtherVersion;
    octets.remove_prefix(end);
    if (octets.find("\n\r\n") != none || octets.find("\n\n") != none)
        return Head::Whole;
    return isAll ? Head::Large : Head::Unfinished;
}

} // namespace mpsmtp::http
