// What a session must have done, told from the client's octets and the codes of the replies alone: which octets were
// commands and which were mail, and so which messages there are. Slow and simple, octet by octet, and made without any
// code of server/smtp: a second opinion. RFC 5321 2.3.8, 3.3, 4.1.1.4, 4.5.2; RFC 3030 2. Thread safety: [any].
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::fuzz
{

struct DecodedData
{
    std::string data; ///< without transparency
    std::size_t
        behind; ///< where the octets behind the end of data begin; of no meaning if it did not end
    bool ended = false;
};

/// Mail data as it comes behind DATA's reply.
[[nodiscard]] DecodedData decodeData(std::string_view octets);

/// Every bare CR and LF made CRLF.
[[nodiscard]] std::string normalized(std::string_view data);

[[nodiscard]] bool hasBareNewline(std::string_view data);

struct SessionModel
{
    std::vector<std::string> messages; ///< that a 250 took, without transparency
    std::size_t answered = 0;          ///< codes used
    bool mustBeClosed = false;         ///< a command was left without an answer
};

/// \param codes of all replies but the greeting
[[nodiscard]] SessionModel modelSession(std::string_view octets,
                                        const std::vector<unsigned>& codes,
                                        std::size_t maxLineOctets);

} // namespace mpsmtp::fuzz
