// What /proc says of this process, for its metrics. Thread safety: [any].
#pragma once

#include "metrics/Report.h"

namespace mpsmtp::app
{

/// What cannot be read is 0.
[[nodiscard]] metrics::Process processFigures();

} // namespace mpsmtp::app
