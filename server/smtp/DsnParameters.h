// The values of the delivery status notification parameters (RFC 3461 4, RFC 6533 3). They are
// recorded, not acted on: the handler that relays or reports is the one to use them.
// Thread safety: [any] (pure functions).
#pragma once

#include <string_view>

namespace mpsmtp::smtp
{

/// RET of MAIL: FULL or HDRS.
[[nodiscard]] bool isRetValue(std::string_view value) noexcept;

/// ENVID of MAIL: at most 100 octets of xtext that stand for printable ASCII.
[[nodiscard]] bool isEnvidValue(std::string_view value);

/// NOTIFY of RCPT: NEVER, or a list of SUCCESS, FAILURE and DELAY.
[[nodiscard]] bool isNotifyValue(std::string_view value) noexcept;

/// ORCPT of RCPT: "type;address", at most 500 octets. Non-ASCII only if `smtpUtf8`, and only in
/// type utf-8.
[[nodiscard]] bool isOrcptValue(std::string_view value, bool smtpUtf8);

} // namespace mpsmtp::smtp
