// See EsmtpParameters.h.
//
// Mail-parameters  = esmtp-param *(SP esmtp-param)
// esmtp-param      = esmtp-keyword ["=" esmtp-value]
// esmtp-keyword    = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
// esmtp-value      = 1*(%d33-60 / %d62-126)               ; RFC 6531 3.3 adds UTF8-non-ascii
#include "smtp/EsmtpParameters.h"

#include "smtp/Ascii.h"
#include "smtp/Utf8.h"

#include <algorithm>

namespace mpsmtp::smtp
{
namespace
{

constexpr FixedReply syntaxError{501, "5.5.4", "Bad parameter syntax"};
constexpr FixedReply tooMany{501, "5.5.4", "Too many parameters"};
constexpr FixedReply givenTwice{501, "5.5.4", "Parameter given twice"};

// More than are registered with IANA; keeps the search for duplicates from being quadratic in the
// client's hands.
constexpr std::size_t maxParameters = 32;

constexpr bool isKeywordOctet(char octet) noexcept
{
    return isLetterOrDigit(octet) || octet == '-';
}

bool isKeyword(std::string_view text) noexcept
{
    return !text.empty() && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), isKeywordOctet);
}

constexpr bool isValueOctet(char octet) noexcept
{
    return (isGraphic(octet) && octet != '=') || !isAscii(octet);
}

bool isValue(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), isValueOctet) &&
           isHarmlessUtf8(text);
}

bool isGiven(const std::vector<EsmtpParameter>& parameters, std::string_view keyword) noexcept
{
    return std::any_of(parameters.begin(),
                       parameters.end(),
                       [keyword](const EsmtpParameter& p)
                       { return equalsIgnoringCase(p.keyword, keyword); });
}

std::optional<FixedReply> appendParameter(std::string_view text,
                                          std::vector<EsmtpParameter>& parameters)
{
    const std::size_t equals = text.find('=');
    const std::string_view keyword = text.substr(0, equals);
    const bool hasValue = equals != text.npos;
    const std::string_view value = hasValue ? text.substr(equals + 1) : std::string_view();
    if (!isKeyword(keyword) || (hasValue && !isValue(value)))
        return syntaxError;
    if (isGiven(parameters, keyword))
        return givenTwice;
    if (parameters.size() >= maxParameters)
        return tooMany;
    EsmtpParameter& parameter = parameters.emplace_back();
    parameter.keyword = keyword;
    std::transform(keyword.begin(), keyword.end(), parameter.keyword.begin(), toUpper);
    parameter.value = value;
    return std::nullopt;
}

} // namespace

// One blank parts two parameters; more are no reason to refuse mail.
std::optional<FixedReply> parseEsmtpParameters(std::string_view text,
                                               std::vector<EsmtpParameter>& parameters)
{
    text = withoutLeadingBlanks(text);
    while (!text.empty())
    {
        if (auto refusal = appendParameter(takeWord(text), parameters))
            return refusal;
    }
    return std::nullopt;
}

} // namespace mpsmtp::smtp
