// Fuzz target: ESMTP parameters and their values: keyword=value lists, xtext, the DSN parameters (RFC 3461, 6533).
//
//   input = utf8 *octets                                             ; 1 choice (Fuzzing.h), then parameters
#include "fuzz/Fuzzing.h"
#include "smtp/DsnParameters.h"
#include "smtp/EsmtpParameters.h"
#include "smtp/Utf8.h"
#include "smtp/Xtext.h"

namespace mpsmtp::fuzz
{

namespace
{

using Parameters = std::vector<smtp::EsmtpParameter>;

std::string printed(const Parameters& parameters)
{
    std::string text;
    for (const auto& [keyword, value] : parameters)
        text += ' ' + keyword + (value.empty() ? "" : '=' + value);
    return text;
}

void checkList(std::string_view text)
{
    Parameters parameters;
    if (smtp::parseEsmtpParameters(text, parameters))
        return;
    Parameters again;
    REQUIRE(!smtp::parseEsmtpParameters(printed(parameters), again), shown(text));
    REQUIRE(printed(again) == printed(parameters), shown(text));
    for (const auto& [keyword, value] : parameters)
        for (const char c : keyword + value)
            REQUIRE(static_cast<unsigned char>(c) > ' ' && c != '\x7F', shown(text));
}

/// RFC 3461 4 written backwards.
std::string encoded(std::string_view octets)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const char c : octets)
    {
        const auto octet = static_cast<unsigned char>(c);
        if (octet > ' ' && octet < 0x7F && c != '+' && c != '=')
            text += c;
        else
            text.append({'+', digits[octet >> 4u], digits[octet & 0xFu]});
    }
    return text;
}

void checkXtext(std::string_view text)
{
    const auto decoded = smtp::decodeXtext(text);
    REQUIRE(decoded.has_value() == smtp::isXtext(text), shown(text));
    if (decoded)
        REQUIRE(smtp::decodeXtext(encoded(*decoded)) == *decoded, shown(text));
    const auto there = smtp::decodeXtext(encoded(text));
    REQUIRE(there && *there == text, shown(text));
}

void checkDsn(std::string_view value, bool smtpUtf8)
{
    (void)smtp::isRetValue(value);
    (void)smtp::isNotifyValue(value);
    if (smtp::isEnvidValue(value))
        REQUIRE(value.size() <= 100 && smtp::isXtext(value), shown(value));
    if (smtp::isOrcptValue(value, false))
        REQUIRE(smtp::isOrcptValue(value, true), shown(value));
    if (smtp::isOrcptValue(value, smtpUtf8))
        REQUIRE(value.size() <= 500 && smtp::isValidUtf8(value), shown(value));
    if (smtp::isUtf8AddressText(value))
        REQUIRE(smtp::isValidUtf8(value), shown(value));
}

} // namespace

void run(std::string_view input)
{
    Choices choices(input, 1);
    const bool smtpUtf8 = choices.next(2) == 1;
    const std::string_view text = choices.octets();
    checkList(text);
    checkXtext(text);
    checkDsn(text, smtpUtf8);
}

} // namespace mpsmtp::fuzz
