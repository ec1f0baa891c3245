// The parameters behind the path of MAIL and RCPT: keyword or keyword=value, parted by spaces
// (RFC 5321 4.1.2). What a keyword means is in MailArguments.
// Thread safety: [any] (pure functions).
#pragma once

#include "smtp/Envelope.h"
#include "smtp/Reply.h"

#include <optional>
#include <string_view>
#include <vector>

namespace mpsmtp::smtp
{

/// Splits `text` into parameters and appends them to `parameters`, keywords in upper case. A
/// parameter given without "=" has an empty value. Refused with 501 5.5.4: a keyword or value that
/// breaks the grammar, and a keyword given twice.
[[nodiscard]] std::optional<FixedReply>
parseEsmtpParameters(std::string_view text, std::vector<EsmtpParameter>& parameters);

} // namespace mpsmtp::smtp
