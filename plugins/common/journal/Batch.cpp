// What this is and its thread safety: Batch.h.
#include "common/journal/Batch.h"

#include <algorithm>

namespace mpsmtp::store::journal
{

namespace
{

constexpr std::size_t mostTickets = 256; // writev takes 1024 parts

} // namespace

void Batch::take(std::vector<Ticket*>& waiting)
{
    tickets.reserve(std::min(waiting.size(), mostTickets));
    auto end = waiting.begin();
    for (; end != waiting.end(); ++end)
    {
        const std::uint64_t more = recordHeaderOctets + (*end)->payload.size();
        if (tickets.size() == mostTickets || (octets + more > mostOctets && !tickets.empty()))
            break;
        tickets.push_back(*end);
        octets += more;
    }
    waiting.erase(waiting.begin(), end);
}

void Batch::cancel(const std::vector<std::uint64_t>& ids)
{
    const std::size_t count = std::min(ids.size(), mostTickets / 2);
    for (std::size_t i = 0; i < count; ++i)
    {
        FilesRecord record;
        record.replaces = ids[i];
        encode(record, cancellations.emplace_back());
        octets += recordHeaderOctets + cancellations.back().size();
    }
}

/// Ids go up in the order of the records.
std::vector<iovec> Batch::parts(std::uint64_t key, std::size_t segment, std::uint64_t& lastId)
{
    const auto part = [](const char* data, std::size_t size) {
        return iovec{const_cast<char*>(data), size};
    };
    std::vector<iovec> all;
    all.reserve(2 * (tickets.size() + cancellations.size()) + 1);
    headers.reserve(cancellations.size());
    for (const std::string& payload : cancellations)
    {
        headers.push_back(makeRecordHeader(
            key, ++lastId, static_cast<std::uint32_t>(payload.size()), checksum(payload)));
        all.push_back(part(headers.back().data(), recordHeaderOctets));
        all.push_back(part(payload.data(), payload.size()));
    }
    for (Ticket* ticket : tickets)
    {
        ticket->segment = segment;
        ticket->id = ++lastId;
        ticket->header = makeRecordHeader(
            key, ticket->id, static_cast<std::uint32_t>(ticket->payload.size()), ticket->checksum);
        all.push_back(part(ticket->header.data(), ticket->header.size()));
        all.push_back(part(ticket->payload.data(), ticket->payload.size()));
    }
    return all;
}

} // namespace mpsmtp::store::journal
