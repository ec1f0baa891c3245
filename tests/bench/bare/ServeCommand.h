// `mpsmtp_bare serve`: the bare server until SIGTERM or SIGINT.
// Thread safety: [main].
#pragma once

#include "bench/base/Arguments.h"

namespace mpsmtp::bench
{

[[nodiscard]] std::vector<OptionRow> serveOptions();

/// Prints the port on a line of its own when it listens. Blocks the two signals in the calling thread.
/// \throws UsageMistake, std::system_error
void serveUntilSignal(const Arguments& arguments);

} // namespace mpsmtp::bench
