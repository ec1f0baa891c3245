// `reject` of a route: the reply that it gives, as "550 5.7.1 Relaying denied" (RFC 5321 4.2, RFC 3463 2).
// Thread safety: [any] (pure functions).
#pragma once

#include "smtp/Reply.h"

#include <string>
#include <string_view>
#include <variant>

namespace mpsmtp::delivery
{

/// Reads `4xx|5xx [enhanced code] [text]`; what is left out is filled in: X.7.1 (not authorized), and a sentence.
/// \return the reply, or what is wrong with the text
[[nodiscard]] std::variant<smtp::Reply, std::string> parseRejection(std::string_view text);

} // namespace mpsmtp::delivery
