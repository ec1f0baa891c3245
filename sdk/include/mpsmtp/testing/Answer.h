/// \file
/// What a hook answered and what the server makes of it: the class of a reply must fit the verdict,
/// what was thrown is not told to the client. RFC 5321 4.2, RFC 3463 2. Leaves out `on_error` (the
/// default, defer, is taken) and the limits of time and `concurrency`.
/// Thread safety: [connection]; the judgements are pure functions.
#pragma once

#include <mpsmtp/Reply.h>
#include <mpsmtp/abi.h>
#include <mpsmtp/testing/Address.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpsmtp::testing::detail
{

using mpsmtp::detail::fromAbi;
using mpsmtp::detail::toAbi;

/// A reply in its three parts. Code 0: none chosen, or none sent.
struct ReplyParts
{
    unsigned code = 0;
    std::string enhanced;
    std::string text;

    [[nodiscard]] bool isPositive() const noexcept { return code / 100 == 2; }
};

[[nodiscard]] inline ReplyParts localError()
{
    return {451, "4.3.0", "Local error in processing, try again later"};
}

/// One line of at most 512 octets with its CRLF, only what can be printed.
[[nodiscard]] inline std::string
replyLine(const ReplyParts& reply, std::string_view text, bool isLast)
{
    constexpr std::size_t most = 510;
    std::string line = std::to_string(reply.code) + (isLast ? " " : "-") + reply.enhanced;
    line.append(reply.enhanced.empty() || text.empty() ? "" : " ");
    for (const char c : text.substr(0, most - std::min(most, line.size())))
        line.push_back(c >= ' ' && c != '\x7f' ? c : isEightBit(c) ? c : '?');
    return line;
}

/// As the client sees it, without CRLF; several lines are parted by LF. "" if there is no reply.
[[nodiscard]] inline std::string replyText(const ReplyParts& reply)
{
    std::string lines;
    std::string_view rest = reply.text;
    while (reply.code != 0)
    {
        const auto end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
        lines += replyLine(reply, line, rest.empty());
        if (rest.empty())
            break;
        lines += '\n';
    }
    return lines;
}

/// Behind mpsmtp_reply_target: collects what a hook answers.
class Answers
{
public:
    struct Answer
    {
        std::uint32_t index; ///< a recipient's, or MPSMTP_ALL_RECIPIENTS
        ReplyParts reply;
    };

    explicit Answers(bool mayRedirect = false) noexcept : _mayRedirect(mayRedirect) {}

    [[nodiscard]] mpsmtp_reply_target* target() noexcept
    {
        return reinterpret_cast<mpsmtp_reply_target*>(this);
    }

    [[nodiscard]] static Answers& of(mpsmtp_reply_target* target) noexcept
    {
        return *reinterpret_cast<Answers*>(target);
    }

    void reply(std::uint32_t index, const mpsmtp_reply& reply)
    {
        _answers.push_back(
            {index,
             {reply.code, std::string(fromAbi(reply.enhanced)), std::string(fromAbi(reply.text))}});
    }

    /// What was answered before does not count any more.
    void fault(std::string_view text)
    {
        _isFaulted = true;
        _answers.clear();
        _fault = text;
    }

    [[nodiscard]] int redirect(std::string_view text)
    {
        constexpr std::size_t mostLocalPart = 64; // RFC 5321 4.5.3.1.1
        constexpr std::size_t mostAddress = 254;  // 4.5.3.1.3, without brackets
        auto address = parseAddress(text);
        if (!_mayRedirect || !address || address->localPart.size() > mostLocalPart ||
            text.size() > mostAddress)
            return EINVAL;
        _redirects.push_back(std::move(*address));
        return 0;
    }

    [[nodiscard]] bool isFaulted() const noexcept { return _isFaulted; }

    [[nodiscard]] const std::string& faultText() const noexcept { return _fault; }

    [[nodiscard]] const std::vector<Answer>& all() const noexcept { return _answers; }

    [[nodiscard]] const std::vector<Address>& redirects() const noexcept { return _redirects; }

private:
    bool _mayRedirect;
    bool _isFaulted = false;
    std::string _fault;
    std::vector<Answer> _answers;
    std::vector<Address> _redirects;
};

/// What the answer of a hook comes to.
struct Outcome
{
    enum class Kind
    {
        Success, ///< go on; with a code: accepted with this reply
        Refusal, ///< the handler chose to fail
        Fault,   ///< it threw
        Bug      ///< it answered what it may not
    };

    Kind kind = Kind::Success;
    ReplyParts reply;   ///< for the client, if not Success
    std::string detail; ///< for the log, of Fault and Bug
    bool isDiscarded = false;
    bool closes = false; ///< the session ends; with code 0: without a word

    [[nodiscard]] bool isSuccess() const noexcept { return kind == Kind::Success; }
};

/// The hooks that answer with a verdict.
enum class Policy
{
    Connect,
    Helo,
    Auth,
    Mail,
    Rcpt,
    Data,
    Message
};

/// Codes that a situation allows.
struct Range
{
    unsigned lowest;
    unsigned highest;
    const char* situation;
};

inline constexpr Range positive{200, 299, "an accepted message"};
inline constexpr Range temporary{400, 499, "a temporary failure"};
inline constexpr Range permanent{500, 599, "a permanent failure"};
inline constexpr Range negative{400, 599, "a failed delivery"};
inline constexpr Range closing{421, 421, "a disconnection"};

/// status-code = class "." subject "." detail       (RFC 3463 2)
[[nodiscard]] inline bool isEnhancedCodeOf(unsigned code, std::string_view text) noexcept
{
    const auto isNumber = [](std::string_view part)
    {
        return !part.empty() && part.size() <= 3 &&
               part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    const auto second = text.find('.', 2);
    return text.size() > 4 && text[0] == static_cast<char>('0' + code / 100) && text[1] == '.' &&
           second != std::string_view::npos && isNumber(text.substr(2, second - 2)) &&
           isNumber(text.substr(second + 1));
}

/// What is wrong with a plugin's reply, or "".
[[nodiscard]] inline std::string mistakeIn(const ReplyParts& reply, const Range& range)
{
    if (reply.code < range.lowest || reply.code > range.highest)
        return "reply " + std::to_string(reply.code) + " does not fit " + range.situation;
    if (!reply.enhanced.empty() && !isEnhancedCodeOf(reply.code, reply.enhanced))
        return "enhanced code \"" + reply.enhanced + "\" does not fit reply " +
               std::to_string(reply.code);
    return {};
}

/// With all that the plugin left out.
[[nodiscard]] inline ReplyParts completed(ReplyParts reply, const ReplyParts& standard)
{
    if (reply.code == 0)
        return {standard.code, standard.enhanced, reply.text.empty() ? standard.text : reply.text};
    if (reply.enhanced.empty())
        reply.enhanced = reply.code == 451       ? "4.3.0"
                         : reply.code == 452     ? "4.3.1"
                         : reply.code / 100 == 2 ? "2.0.0"
                         : reply.code / 100 == 4 ? "4.0.0"
                                                 : "5.0.0";
    if (reply.text.empty())
        reply.text = reply.code < 300 ? "Ok" : "Failed";
    return reply;
}

[[nodiscard]] inline Outcome bug(std::string detail)
{
    return {Outcome::Kind::Bug, localError(), std::move(detail)};
}

[[nodiscard]] inline Outcome
checkedFailure(const Answers::Answer& answer, std::size_t recipients, const Range& range)
{
    if (answer.index != MPSMTP_ALL_RECIPIENTS && answer.index >= recipients)
        return bug("it failed recipient " + std::to_string(answer.index) + " of " +
                   std::to_string(recipients));
    ReplyParts reply =
        completed(answer.reply, {451, "4.3.0", "Cannot deliver now, try again later"});
    std::string mistake = mistakeIn(reply, range);
    if (!mistake.empty())
        return bug(std::move(mistake));
    return {Outcome::Kind::Refusal, std::move(reply), {}};
}

/// Whatever was thrown, the client is asked to try again; of the replies only a temporary one is
/// believed (452 4.3.1 for a full disk).
[[nodiscard]] inline Outcome faulted(const Answers& answers, std::size_t recipients)
{
    Outcome outcome{Outcome::Kind::Fault, localError(), answers.faultText()};
    if (answers.all().empty())
        return outcome;
    Outcome chosen = checkedFailure(answers.all().back(), recipients, temporary);
    if (chosen.kind == Outcome::Kind::Refusal)
        outcome.reply = std::move(chosen.reply);
    return outcome;
}

/// True if `next` is to be answered instead of `current`: any failure fails all recipients, and a
/// temporary one goes before a permanent one.
[[nodiscard]] inline bool outweighs(const Outcome& next, const Outcome& current) noexcept
{
    if (current.kind == Outcome::Kind::Bug)
        return false;
    return current.isSuccess() || next.kind == Outcome::Kind::Bug ||
           (next.reply.code < 500 && current.reply.code >= 500);
}

/// Of stage, persist, commit and deliver.
[[nodiscard]] inline Outcome judgedDelivery(const Answers& answers, std::size_t recipients)
{
    if (answers.isFaulted())
        return faulted(answers, recipients);
    Outcome worst;
    for (const Answers::Answer& answer : answers.all())
        if (Outcome next = checkedFailure(answer, recipients, negative); outweighs(next, worst))
            worst = std::move(next);
    return worst;
}

/// A verdict with its reply, or with the usual one if the plugin has chosen none.
[[nodiscard]] inline Outcome
refused(const Answers& answers, const ReplyParts& standard, const Range& range)
{
    Outcome outcome{Outcome::Kind::Refusal, {}, {}};
    outcome.reply =
        completed(answers.all().empty() ? ReplyParts{} : answers.all().back().reply, standard);
    std::string mistake = mistakeIn(outcome.reply, range);
    return mistake.empty() ? outcome : bug(std::move(mistake));
}

[[nodiscard]] inline Outcome discarded(const Answers& answers)
{
    const bool isChosen = !answers.all().empty() && answers.all().back().reply.code != 0;
    Outcome outcome = isChosen ? refused(answers, {250, "2.0.0", "Ok"}, positive) : Outcome{};
    outcome.isDiscarded = outcome.kind != Outcome::Kind::Bug;
    if (outcome.isDiscarded)
        outcome.kind = Outcome::Kind::Success;
    return outcome;
}

[[nodiscard]] inline Outcome closed(Outcome outcome)
{
    outcome.closes = true;
    return outcome;
}

/// A refusal before the greeting ends the session (RFC 5321 3.1).
[[nodiscard]] inline Outcome refusedConnection(Outcome outcome)
{
    if (outcome.reply.code != 0) // no other codes may be greeted with
        outcome.reply.code = outcome.reply.code >= 500 ? 554 : 421;
    outcome.closes = !outcome.isSuccess();
    return outcome;
}

/// What each hook's Reject and Defer say if the handler says nothing itself.
struct PolicyWords
{
    const char* hook;
    ReplyParts rejection;
    ReplyParts deferral;
};

[[nodiscard]] inline PolicyWords wordsOf(Policy policy)
{
    const ReplyParts later{451, "4.7.1", "Deferred, try again later"};
    switch (policy)
    {
    case Policy::Connect:
        return {"onConnect", {554, "5.7.1", "Access denied"}, {421, "4.7.0", "Try again later"}};
    case Policy::Helo:
        return {"onHelo", {550, "5.7.1", "Name refused"}, later};
    case Policy::Auth:
        return {"onAuth",
                {535, "5.7.8", "Authentication credentials invalid"},
                {454, "4.7.0", "Temporary authentication failure"}};
    case Policy::Mail:
        return {"onMail", {550, "5.7.1", "Sender refused"}, later};
    case Policy::Rcpt:
        return {"onRcpt", {550, "5.7.1", "Recipient refused"}, later};
    case Policy::Data:
        return {"onData", {554, "5.7.1", "Message refused"}, later};
    case Policy::Message:
        break;
    }
    return {"onMessage",
            {554, "5.7.1", "Message refused"},
            {451, "4.7.1", "Message deferred, try again later"}};
}

[[nodiscard]] inline Outcome
judgedVerdict(Policy policy, std::int32_t verdict, const Answers& answers)
{
    if (answers.isFaulted())
        return faulted(answers, 0);
    if (verdict == MPSMTP_CONTINUE ||
        (verdict == MPSMTP_ACCEPT && (policy == Policy::Rcpt || policy == Policy::Auth)))
        return {};
    const PolicyWords words = wordsOf(policy);
    switch (verdict)
    {
    case MPSMTP_DISCARD:
        if (policy == Policy::Message)
            return discarded(answers);
        break;
    case MPSMTP_REJECT:
        return refused(answers, words.rejection, permanent);
    case MPSMTP_DEFER:
        return refused(answers, words.deferral, temporary);
    case MPSMTP_DISCONNECT:
        return closed(refused(answers, {421, "4.7.0", "Closing the connection"}, closing));
    case MPSMTP_DROP:
        return {Outcome::Kind::Refusal, {}, {}, false, true};
    default:
        break;
    }
    return bug("verdict " + std::to_string(verdict) + " does not fit " + words.hook);
}

} // namespace mpsmtp::testing::detail
