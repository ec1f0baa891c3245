// One batch: the records that share a write and a sync of the journal, as the octets that are
// written. Who leads it and where it goes is left to the Journal.
// Thread safety: [connection], that of its leader; take(), cancel() and parts() under the mutex of
// the journal.
#pragma once

#include "common/Wakeup.h"
#include "common/journal/Format.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/uio.h>

namespace mpsmtp::store::journal
{

/// A record that waits for its batch, and the thread that waits for it.
struct Ticket
{
    enum class Outcome
    {
        Waiting,
        Stored,
        Refused
    };

    std::string_view payload;
    std::uint32_t checksum = 0;
    RecordHeader header{};
    Wakeup wake;
    Outcome outcome = Outcome::Waiting; ///< still so when it is woken: its thread leads
    std::size_t segment = 0;
    std::uint64_t id = 0;
};

struct Batch
{
    /// A segment must hold several.
    static constexpr std::uint64_t mostOctets = std::uint64_t{1} << 20;

    std::vector<Ticket*> tickets;
    std::vector<std::string> cancellations; ///< payloads
    std::vector<RecordHeader> headers;      ///< of the cancellations
    std::uint64_t octets = 0;

    /// The first of `waiting` leave that for this batch, as many as it holds.
    /// \throws std::bad_alloc; then all are where they were
    void take(std::vector<Ticket*>& waiting);

    /// Records that say that those with the first of `ids` no longer count.
    void cancel(const std::vector<std::uint64_t>& ids);

    /// What is to be written, from here and from the tickets, which learn where they are.
    /// \param key      of the segment's use
    /// \param segment  which of the two
    /// \param lastId   of the records so far; goes up
    [[nodiscard]] std::vector<iovec>
    parts(std::uint64_t key, std::size_t segment, std::uint64_t& lastId);
};

} // namespace mpsmtp::store::journal
