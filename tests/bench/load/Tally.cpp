#include "bench/load/Tally.h"

namespace mpsmtp::bench
{

void Tally::merge(const Tally& other)
{
    acknowledged += other.acknowledged;
    refused += other.refused;
    unanswered += other.unanswered;
    failedConnections += other.failedConnections;
    latency.merge(other.latency);
    greeting.merge(other.greeting);
    acknowledgedIds += other.acknowledgedIds;
    complain(other.firstRefusal);
}

void Tally::complain(std::string_view text)
{
    if (firstRefusal.empty())
        firstRefusal = text;
}

} // namespace mpsmtp::bench
