// What this is and its thread safety: SecretMask.h.
#include "smtp/SecretMask.h"

#include "smtp/Ascii.h"
#include "smtp/Command.h"

#include <algorithm>
#include <array>

namespace mpsmtp::smtp
{

namespace
{

/// A word that is none of these may be what the client should have sent behind the mechanism.
constexpr std::array<std::string_view, 13> mechanisms{"PLAIN",
                                                      "LOGIN",
                                                      "CRAM-MD5",
                                                      "DIGEST-MD5",
                                                      "NTLM",
                                                      "GSSAPI",
                                                      "EXTERNAL",
                                                      "ANONYMOUS",
                                                      "XOAUTH2",
                                                      "OAUTHBEARER",
                                                      "SCRAM-SHA-1",
                                                      "SCRAM-SHA-256",
                                                      "SCRAM-SHA-256-PLUS"};

/// Longer than any verb that a client may have made up.
constexpr std::size_t longestVerb = 12;

std::size_t wordEnd(std::string_view line, std::size_t begin) noexcept
{
    while (begin < line.size() && !isBlank(line[begin]))
        ++begin;
    return begin;
}

std::size_t blanksEnd(std::string_view line, std::size_t begin) noexcept
{
    while (begin < line.size() && isBlank(line[begin]))
        ++begin;
    return begin;
}

/// Where `part` begins in `text`, in any case; npos if nowhere.
std::size_t findIgnoringCase(std::string_view text, std::string_view part) noexcept
{
    for (std::size_t at = 0; at + part.size() <= text.size(); ++at)
        if (equalsIgnoringCase(text.substr(at, part.size()), part))
            return at;
    return std::string_view::npos;
}

/// "AUTH" and its mechanism, if that is one.
std::size_t visibleOfAuth(std::string_view line) noexcept
{
    const std::size_t verb = wordEnd(line, 0);
    const std::size_t begin = blanksEnd(line, verb);
    const std::size_t end = wordEnd(line, begin);
    const std::string_view word = line.substr(begin, end - begin);
    const bool isMechanism =
        std::any_of(mechanisms.begin(),
                    mechanisms.end(),
                    [&](std::string_view each) { return equalsIgnoringCase(word, each); });
    return isMechanism ? end : verb;
}

/// Its first word, if that looks like a verb: "PASS", of a client that takes this for another protocol.
std::size_t visibleOfUnknown(std::string_view line) noexcept
{
    const std::size_t end = wordEnd(line, 0);
    const bool looksLikeVerb =
        end <= longestVerb && std::all_of(line.begin(), line.begin() + end, isLetter);
    return looksLikeVerb ? end : 0;
}

/// MAIL's AUTH= names who has sent the mail to begin with (RFC 4954 5): nobody's business, and next to AUTH a likely mistake.
std::size_t visibleOfMail(std::string_view line) noexcept
{
    constexpr std::string_view parameter = " AUTH=";
    const std::size_t at = findIgnoringCase(line, parameter);
    return at == std::string_view::npos ? line.size() : at + parameter.size();
}

} // namespace

std::size_t SecretMask::visible(std::string_view line) noexcept
{
    const Verb verb = parseCommand(line).verb;
    const bool answersChallenge = _awaitsSecret;
    const bool isAuth = verb == Verb::Auth;
    const bool isUnknown = verb == Verb::Unknown || verb == Verb::Http;
    const bool mentionsAuth = isUnknown && findIgnoringCase(line, "AUTH") != line.npos;
    _awaitsSecret = false;
    _isInExchange = answersChallenge || isAuth || mentionsAuth || (isUnknown && _hasSeenAuth);
    _hasSeenAuth = _hasSeenAuth || isAuth || mentionsAuth;
    if (answersChallenge)
        return 0;
    if (isAuth)
        return visibleOfAuth(line);
    if (_isInExchange)
        return 0;
    if (isUnknown)
        return visibleOfUnknown(line);
    return verb == Verb::Mail ? visibleOfMail(line) : line.size();
}

std::size_t SecretMask::visibleReply(std::string_view line) noexcept
{
    constexpr std::size_t codeSize = 3;
    _awaitsSecret = line.substr(0, codeSize) == "334";
    if (!_isInExchange && !_awaitsSecret)
        return line.size();
    // The code, and the enhanced code if there is one: digits and dots.
    std::size_t end = std::min(line.size(), codeSize + 1);
    const auto isCode = [](char c) { return isDigit(c) || c == '.'; };
    const std::string_view rest = line.substr(end);
    const std::string_view word = rest.substr(0, wordEnd(rest, 0));
    if (!_awaitsSecret && std::count(word.begin(), word.end(), '.') == 2 &&
        std::all_of(word.begin(), word.end(), isCode))
        end += word.size();
    return end;
}

} // namespace mpsmtp::smtp
