// `mpsmtp_bare loopback`: what the machine's loopback can do between two event loops, one thread each, with nothing in it that
// is like mail.
// Thread safety: [main].
#pragma once

#include "bench/base/Arguments.h"
#include "bench/base/Json.h"

namespace mpsmtp::bench
{

[[nodiscard]] std::vector<OptionRow> loopbackOptions();

/// Two runs: ping-pong (on each connection --octets there, a line back, again) and bulk (octets one way, as fast as they go).
/// \throws UsageMistake, std::system_error
[[nodiscard]] Json measureLoopback(const Arguments& arguments);

} // namespace mpsmtp::bench
