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

constexpr std::string_view authWord = "AUTH";

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
    constexpr std::string_view parameter = "AUTH=";
    const std::size_t pathEnd = line.find('>');
    const std::size_t begin = pathEnd == line.npos ? 0 : pathEnd;
    const std::size_t at = findIgnoringCase(line.substr(begin), parameter);
    return at == line.npos ? line.size() : begin + at + parameter.size();
}

constexpr bool namesSomebody(Verb verb) noexcept
{
    return verb == Verb::Mail || verb == Verb::Rcpt || verb == Verb::Ehlo || verb == Verb::Helo ||
           verb == Verb::Vrfy || verb == Verb::Expn;
}

/// A client that ends its lines with CR alone has more in one line than the command that it begins with.
std::size_t firstControl(std::string_view line) noexcept
{
    const auto isControl = [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; };
    return static_cast<std::size_t>(std::find_if(line.begin(), line.end(), isControl) -
                                    line.begin());
}

/// Up to the word AUTH, and with it; all of it if the word is not there.
std::size_t visibleToAuth(std::string_view line) noexcept
{
    const std::size_t at = findIgnoringCase(line, authWord);
    return at == line.npos ? line.size() : at + authWord.size();
}

} // namespace

std::size_t SecretMask::visible(std::string_view line) noexcept
{
    const Verb verb = parseCommand(line).verb;
    const bool answersChallenge = _awaitsSecret;
    const bool isAuth = verb == Verb::Auth;
    const bool isUnknown = verb == Verb::Unknown || verb == Verb::Http;
    const std::string_view command = line.substr(0, firstControl(line));
    // Auth may be somebody's name.
    const std::string_view suspect = namesSomebody(verb) ? line.substr(command.size()) : line;
    const bool mentionsAuth = !isAuth && findIgnoringCase(suspect, authWord) != line.npos;
    _awaitsSecret = false;
    _isInExchange = answersChallenge || isAuth || mentionsAuth || (isUnknown && _hasSeenAuth);
    _hasSeenAuth = _hasSeenAuth || isAuth || mentionsAuth;
    if (answersChallenge)
        return 0;
    if (isAuth)
        return visibleOfAuth(command);
    if (isUnknown)
        return _isInExchange ? 0 : visibleOfUnknown(command);
    if (verb == Verb::Mail)
        return visibleOfMail(command);
    return namesSomebody(verb) ? command.size() : visibleToAuth(command);
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
