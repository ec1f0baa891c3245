// What this is and its thread safety: Head.h.
#include "http/Head.h"

namespace mpsmtp::http
{

namespace
{

bool isLetter(char c) noexcept
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
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
    if (octets.find("\n\r\n") != none || octets.find("\n\n") != none)
        return Head::Whole;
    if (!isAll)
        return Head::Unfinished;
    return octets.find('\n') == none ? Head::LongLine : Head::Large;
}

} // namespace mpsmtp::http
