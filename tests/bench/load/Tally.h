// What came of a run's messages and connections.
// Thread safety: [one thread]; each has its own, and merge() puts them together.
#pragma once

#include "bench/base/Histogram.h"

#include <cstdint>
#include <string>

namespace mpsmtp::bench
{

struct Tally
{
    std::uint64_t acknowledged = 0;
    std::uint64_t refused = 0;    ///< answered, but not with yes for all recipients
    std::uint64_t unanswered = 0; ///< lost with their connection, or never sent
    std::uint64_t failedConnections = 0;
    Histogram latency;           ///< final dot to the last reply, of acknowledged messages
    Histogram greeting;          ///< connect() to 220
    std::string acknowledgedIds; ///< one on a line, if they are asked for
    std::string firstRefusal;    ///< reply or error

    void merge(const Tally& other);
    void complain(std::string_view text);
};

} // namespace mpsmtp::bench
