// Which of the two text forms a scraper wants (RFC 9110 12.5.1, as much of it as scrapers use).
// Thread safety: [any].
#pragma once

#include "metrics/Exposition.h"

#include <string_view>

namespace mpsmtp::http
{

/// \param accept the value of the field Accept, "" if there is none
/// \return OpenMetrics if it is accepted, in a version that we speak, at least as gladly as plain text
[[nodiscard]] metrics::Format formatFor(std::string_view accept) noexcept;

} // namespace mpsmtp::http
