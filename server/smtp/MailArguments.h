// The arguments of MAIL, RCPT and BDAT (RFC 5321 4.1.1.2, 4.1.1.3; RFC 1870, 3030, 3461, 6152,
// 6531) as values, or the reply that refuses them. Whether the command fits the moment, and whether
// the session may use parameters at all (EHLO), is Session's to say.
// Thread safety: [any] (pure functions).
#pragma once

#include "smtp/Domain.h" // isValidHelo, the argument of HELO and EHLO
#include "smtp/Envelope.h"
#include "smtp/Path.h"
#include "smtp/Reply.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace mpsmtp::smtp
{

/// Reads the argument of MAIL ("FROM:<path> parameters") into `envelope`: reversePath, parameters,
/// body, smtpUtf8 and declaredOctets. nullopt: accepted. On a refusal the envelope holds what had
/// been understood, for the log; clear it. `maxMessageOctets` 0: any SIZE is accepted.
[[nodiscard]] std::optional<FixedReply> parseMail(std::string_view argument,
                                                  const PathRules& rules,
                                                  std::uint64_t maxMessageOctets,
                                                  Envelope& envelope);

/// Reads the argument of RCPT ("TO:<path> parameters") into `recipient`, whose old content goes.
/// nullopt: accepted. `envelope` tells whether MAIL had SMTPUTF8. On a refusal the recipient holds
/// what had been understood, for the log.
[[nodiscard]] std::optional<FixedReply> parseRcpt(std::string_view argument,
                                                  const PathRules& rules,
                                                  const Envelope& envelope,
                                                  Recipient& recipient);

/// The argument of BDAT (RFC 3030 2).
struct BdatArguments
{
    std::uint64_t octets; ///< that follow the command's line end
    bool last;            ///< this chunk ends the mail data
};

/// Reads "chunk-size [LAST]". nullopt: syntax error, or more octets than 64 bits can count; the
/// octets that follow cannot be told from commands then, so close the session after the reply.
[[nodiscard]] std::optional<BdatArguments> parseBdat(std::string_view argument) noexcept;

} // namespace mpsmtp::smtp
