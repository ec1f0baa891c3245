// The values of a session and of a mail transaction (RFC 5321 3.3, 4.1.1). Plain data, no behaviour beyond resetting.
// Thread safety: [connection].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mpsmtp::smtp
{

/// What is known of a connection. The first five are set by the network side, the rest by the session.
struct SessionInfo
{
    std::uint64_t id = 0;
    std::string clientAddress; ///< "192.0.2.1", "2001:db8::1" (mapped IPv4 as IPv4), "unix"
    unsigned clientPort = 0;
    std::string listener;
    std::string
        hostname; ///< the server's name in greeting, trace fields and for recipients without a domain
    std::string helo; ///< printable, validated
    bool esmtp = false;
};

/// An ESMTP parameter as sent; the keyword in upper case (keywords ignore case, RFC 5321 2.4).
struct EsmtpParameter
{
    std::string keyword;
    std::string value;
};

/// A path (RFC 5321 4.1.2) in canonical form.
struct Path
{
    std::string localPart; ///< unquoted: "a b" for `"a b"@d`
    std::string domain;    ///< ASCII letters in lower case; address literals with their brackets
    std::string
        address; ///< local-part (quoted only where it must be) "@" domain; "" for the null reverse-path
    bool nonAscii = false; ///< needs SMTPUTF8 (RFC 6531)

    [[nodiscard]] bool isNull() const noexcept { return address.empty(); }

    void clear() noexcept
    {
        localPart.clear();
        domain.clear();
        address.clear();
        nonAscii = false;
    }
};

struct Recipient
{
    Path path;
    std::vector<EsmtpParameter> parameters;
};

enum class BodyType
{
    SevenBit,
    EightBitMime, ///< RFC 6152
    BinaryMime    ///< RFC 3030
};

/// One mail transaction without its data. Cleared and reused for the next one, so that buffers keep their capacity.
struct Envelope
{
    std::string id; ///< transaction id, set by the sink when MAIL is accepted
    Path reversePath;
    std::vector<EsmtpParameter> parameters; ///< of MAIL
    std::vector<Recipient> recipients;
    BodyType body = BodyType::SevenBit;
    bool smtpUtf8 = false;
    std::uint64_t declaredOctets = 0; ///< SIZE= of MAIL, 0 if none (RFC 1870)

    void clear()
    {
        id.clear();
        reversePath.clear();
        parameters.clear();
        recipients.clear();
        body = BodyType::SevenBit;
        smtpUtf8 = false;
        declaredOctets = 0;
    }
};

} // namespace mpsmtp::smtp
