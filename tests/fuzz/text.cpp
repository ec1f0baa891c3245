// Fuzz target: UTF-8, domains, address literals and text made printable, against slow and simple rules.
#include "fuzz/Fuzzing.h"
#include "smtp/Domain.h"
#include "smtp/Printable.h"
#include "smtp/Reply.h"
#include "smtp/Utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <arpa/inet.h>

namespace mpsmtp::fuzz
{

namespace
{

std::uint32_t octetAt(std::string_view text, std::size_t at)
{
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

/// By the length that the first octet promises, then by the value (RFC 3629 3). 0: not well-formed.
std::size_t frontLength(std::string_view text)
{
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    const std::uint32_t lead = octetAt(text, 0);
    const std::size_t length = lead < 0x80             ? 1
                               : (lead & 0xE0) == 0xC0 ? 2
                               : (lead & 0xF0) == 0xE0 ? 3
                               : (lead & 0xF8) == 0xF0 ? 4
                                                       : 0;
    if (length == 0 || text.size() < length)
        return 0;
    std::uint32_t value = length == 1 ? lead : lead & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i)
    {
        if ((octetAt(text, i) & 0xC0) != 0x80)
            return 0;
        value = value << 6u | (octetAt(text, i) & 0x3F);
    }
    const bool isSurrogate = value >= 0xD800 && value <= 0xDFFF;
    return value >= least.at(length) && value <= 0x10FFFF && !isSurrogate ? length : 0;
}

void checkUtf8(std::string_view text)
{
    bool isValid = true;
    for (std::string_view rest = text; !rest.empty();)
    {
        const std::size_t length = frontLength(rest);
        REQUIRE(smtp::frontCodePoint(rest).octets == length, shown(rest));
        isValid = isValid && length != 0;
        rest.remove_prefix(std::max<std::size_t>(length, 1));
    }
    REQUIRE(smtp::isValidUtf8(text) == isValid, shown(text));
    REQUIRE(!smtp::isHarmlessUtf8(text) || isValid, shown(text));
}

/// What inet_pton takes. It knows nothing of the "IPv6:" tag, and takes one group for "::", which RFC 5321 does not.
bool isAddress(int family, std::string_view text)
{
    std::array<unsigned char, 16> octets{};
    return text.find('\0') == std::string_view::npos &&
           inet_pton(family, std::string(text).c_str(), octets.data()) == 1;
}

void checkDomains(std::string_view text)
{
    if (smtp::isDomain(text))
        REQUIRE(smtp::isLenientDomain(text) && smtp::isValidHelo(text, true), shown(text));
    if (smtp::isValidHelo(text, true))
        REQUIRE(smtp::isValidHelo(text, false), shown(text));
    if (smtp::isIpv4Address(text))
        REQUIRE(smtp::isAddressLiteral('[' + std::string(text) + ']'), shown(text));
    // inet_pton refuses leading zeros in IPv4; everything else that we take it must take, too.
    const bool hasZero = text.front() == '0' || text.find(".0") != std::string_view::npos;
    REQUIRE(!smtp::isIpv4Address(text) || hasZero || isAddress(AF_INET, text), shown(text));
    REQUIRE(!isAddress(AF_INET, text) || smtp::isIpv4Address(text), shown(text));
    const bool hasTail = text.find('.') != std::string_view::npos;
    REQUIRE(!smtp::isIpv6Address(text) || hasTail || isAddress(AF_INET6, text), shown(text));
}

/// `\xHH` read back.
std::string unprinted(std::string_view text)
{
    std::string octets;
    for (std::size_t at = 0; at < text.size(); ++at)
        if (text[at] == '\\')
        {
            octets +=
                static_cast<char>(std::stoi(std::string(text.substr(at + 2, 2)), nullptr, 16));
            at += 3;
        }
        else
            octets += text[at];
    return octets;
}

void checkPrintable(std::string_view text)
{
    std::string ascii;
    smtp::appendPrintableAscii(ascii, text);
    for (const std::string& printed : {smtp::printable(text), ascii})
    {
        REQUIRE(smtp::isValidUtf8(printed), shown(text));
        for (const char c : printed)
            REQUIRE(static_cast<unsigned char>(c) >= ' ' && c != '\x7F', shown(text));
        REQUIRE(unprinted(printed) == text, shown(text) + " is shown as " + printed);
    }
}

/// Whatever a handler puts into a reply, what is sent is one reply.
void checkReply(std::string_view text, bool utf8Allowed)
{
    std::string out;
    smtp::ReplyWriter writer(out);
    writer.allowUtf8(utf8Allowed);
    writer.write(550, text.substr(0, 5), text);
    std::size_t last = 0;
    for (std::size_t begin = 0; begin < out.size();)
    {
        const std::size_t end = out.find("\r\n", begin);
        REQUIRE(end != std::string::npos && end - begin <= 510, shown(out));
        const std::string line = out.substr(begin, end - begin);
        REQUIRE(line.substr(0, 3) == "550", shown(out));
        REQUIRE(std::all_of(line.begin(),
                            line.end(),
                            [&](char c) {
                                return c >= ' '
                                           ? c != '\x7F'
                                           : utf8Allowed && static_cast<unsigned char>(c) >= 0x80;
                            }),
                shown(out));
        REQUIRE(smtp::isValidUtf8(line), shown(out));
        last += line.size() == 3 || line[3] == ' ' ? 1 : 0;
        begin = end + 2;
    }
    REQUIRE(last == 1, shown(out));
}

} // namespace

void run(std::string_view input)
{
    checkUtf8(input);
    if (!input.empty())
        checkDomains(input);
    checkPrintable(input);
    checkReply(input, false);
    checkReply(input, true);
}

} // namespace mpsmtp::fuzz
