// MAIL FROM and RCPT TO: a path, then parameters, each by its row in a table. See MailArguments.h.
//
// mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
//        [SP Rcpt-parameters] CRLF
// bdat-cmd = "BDAT" SP chunk-size [SP end-marker] CRLF    ; RFC 3030 2
#include "smtp/MailArguments.h"

#include "smtp/Ascii.h"
#include "smtp/DsnParameters.h"
#include "smtp/EsmtpParameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace mpsmtp::smtp
{
namespace
{

using Refusal = std::optional<FixedReply>;

constexpr FixedReply mailSyntax{501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]"};
constexpr FixedReply rcptSyntax{501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]"};
constexpr FixedReply unknownParameter{555, "5.5.4", "Unknown parameter"};
constexpr FixedReply badSize{501, "5.5.4", "Bad value of SIZE"};
constexpr FixedReply badBody{501, "5.5.4", "Bad value of BODY"};
constexpr FixedReply badSmtpUtf8{501, "5.5.4", "SMTPUTF8 takes no value"};
constexpr FixedReply badRet{501, "5.5.4", "Bad value of RET"};
constexpr FixedReply badEnvid{501, "5.5.4", "Bad value of ENVID"};
constexpr FixedReply badNotify{501, "5.5.4", "Bad value of NOTIFY"};
constexpr FixedReply badOrcpt{501, "5.5.4", "Bad value of ORCPT"};
constexpr FixedReply tooBig{552, "5.3.4", "Message size exceeds the limit"};
constexpr FixedReply senderNeedsUtf8{553, "5.6.7", "Sender address needs SMTPUTF8"};
constexpr FixedReply recipientNeedsUtf8{553, "5.6.7", "Recipient address needs SMTPUTF8"};

// Envelope and limit for the parameters of MAIL.
struct MailTarget
{
    Envelope& envelope;
    std::uint64_t maxMessageOctets;
};

void resetMail(Envelope& envelope)
{
    envelope.parameters.clear();
    envelope.body = BodyType::SevenBit;
    envelope.smtpUtf8 = false;
    envelope.declaredOctets = 0;
}

// Digits only, at least one; nullopt otherwise. What 64 bits cannot hold becomes their largest
// number.
std::optional<std::uint64_t> parseOctetCount(std::string_view text) noexcept
{
    if (text.empty() || !std::all_of(text.begin(), text.end(), isDigit))
        return std::nullopt;
    std::uint64_t count = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), count).ec != std::errc())
        return std::numeric_limits<std::uint64_t>::max();
    return count;
}

// size-value = 1*20DIGIT (RFC 1870 4)
Refusal applySize(std::string_view value, MailTarget& target)
{
    constexpr std::size_t maxDigits = 20;
    const auto octets = parseOctetCount(value);
    if (!octets || value.size() > maxDigits)
        return badSize;
    target.envelope.declaredOctets = *octets;
    if (target.maxMessageOctets > 0 && *octets > target.maxMessageOctets)
        return tooBig;
    return std::nullopt;
}

// body-value = "7BIT" / "8BITMIME" (RFC 6152 2) / "BINARYMIME" (RFC 3030 3)
Refusal applyBody(std::string_view value, MailTarget& target)
{
    if (equalsIgnoringCase(value, "7BIT"))
        target.envelope.body = BodyType::SevenBit;
    else if (equalsIgnoringCase(value, "8BITMIME"))
        target.envelope.body = BodyType::EightBitMime;
    else if (equalsIgnoringCase(value, "BINARYMIME"))
        target.envelope.body = BodyType::BinaryMime;
    else
        return badBody;
    return std::nullopt;
}

// RFC 6531 3.4: a keyword without value
Refusal applySmtpUtf8(std::string_view value, MailTarget& target)
{
    if (!value.empty())
        return badSmtpUtf8;
    target.envelope.smtpUtf8 = true;
    return std::nullopt;
}

Refusal applyRet(std::string_view value, MailTarget& /*target*/)
{
    return isRetValue(value) ? std::nullopt : Refusal(badRet);
}

Refusal applyEnvid(std::string_view value, MailTarget& /*target*/)
{
    return isEnvidValue(value) ? std::nullopt : Refusal(badEnvid);
}

Refusal applyNotify(std::string_view value, const Envelope& /*envelope*/)
{
    return isNotifyValue(value) ? std::nullopt : Refusal(badNotify);
}

Refusal applyOrcpt(std::string_view value, const Envelope& envelope)
{
    return isOrcptValue(value, envelope.smtpUtf8) ? std::nullopt : Refusal(badOrcpt);
}

template <typename Target>
struct Keyword
{
    std::string_view name;
    Refusal (*apply)(std::string_view value, Target& target);
};

constexpr std::array<Keyword<MailTarget>, 5> mailKeywords{{
    {"SIZE", applySize},
    {"BODY", applyBody},
    {"SMTPUTF8", applySmtpUtf8},
    {"RET", applyRet},
    {"ENVID", applyEnvid},
}};

constexpr std::array<Keyword<const Envelope>, 2> rcptKeywords{{
    {"NOTIFY", applyNotify},
    {"ORCPT", applyOrcpt},
}};

template <typename Target, std::size_t Count>
Refusal applyAll(const std::vector<EsmtpParameter>& parameters,
                 const std::array<Keyword<Target>, Count>& keywords,
                 Target& target)
{
    for (const EsmtpParameter& parameter : parameters)
    {
        const auto known = std::find_if(keywords.begin(),
                                        keywords.end(),
                                        [&parameter](const Keyword<Target>& keyword)
                                        { return keyword.name == parameter.keyword; });
        if (known == keywords.end())
            return unknownParameter;
        if (auto refusal = known->apply(parameter.value, target))
            return refusal;
    }
    return std::nullopt;
}

} // namespace

std::optional<FixedReply> parseMail(std::string_view argument,
                                    const PathRules& rules,
                                    std::uint64_t maxMessageOctets,
                                    Envelope& envelope)
{
    constexpr std::string_view prefix = "FROM:";
    if (!startsWithIgnoringCase(argument, prefix))
        return mailSyntax;
    argument.remove_prefix(prefix.size());
    resetMail(envelope);
    MailTarget target{envelope, maxMessageOctets};
    if (auto refusal = parseReversePath(argument, rules, envelope.reversePath))
        return refusal;
    if (auto refusal = parseEsmtpParameters(argument, envelope.parameters))
        return refusal;
    if (auto refusal = applyAll(envelope.parameters, mailKeywords, target))
        return refusal;
    // Only now: SMTPUTF8 stands behind the path that needs it.
    if (envelope.reversePath.nonAscii && !envelope.smtpUtf8)
        return senderNeedsUtf8;
    return std::nullopt;
}

std::optional<FixedReply> parseRcpt(std::string_view argument,
                                    const PathRules& rules,
                                    const Envelope& envelope,
                                    Recipient& recipient)
{
    constexpr std::string_view prefix = "TO:";
    if (!startsWithIgnoringCase(argument, prefix))
        return rcptSyntax;
    argument.remove_prefix(prefix.size());
    recipient.parameters.clear();
    if (auto refusal = parseForwardPath(argument, rules, recipient.path))
        return refusal;
    if (auto refusal = parseEsmtpParameters(argument, recipient.parameters))
        return refusal;
    if (auto refusal = applyAll(recipient.parameters, rcptKeywords, envelope))
        return refusal;
    if (recipient.path.nonAscii && !envelope.smtpUtf8)
        return recipientNeedsUtf8;
    return std::nullopt;
}

// chunk-size = 1*DIGIT, end-marker = "LAST"
std::optional<BdatArguments> parseBdat(std::string_view argument) noexcept
{
    std::string_view rest = trimmed(argument);
    const std::string_view size = takeWord(rest);
    const auto octets = parseOctetCount(size);
    // The largest number stands for what 64 bits cannot hold.
    if (!octets || *octets == std::numeric_limits<std::uint64_t>::max())
        return std::nullopt;
    if (!rest.empty() && !equalsIgnoringCase(rest, "LAST"))
        return std::nullopt;
    return BdatArguments{*octets, !rest.empty()};
}

} // namespace mpsmtp::smtp
