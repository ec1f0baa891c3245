// What one connection's sink adds to the metrics. Its commands are kept here until there is something else to tell, so that
// a command costs an addition and no more; a whole transaction is told at once.
// Leaves to others: the questions to handlers (HandlerCounts), the octets and the time-outs of the network (net/).
// Thread safety: [connection].
#pragma once

#include "delivery/Delivery.h"
#include "delivery/SpooledMessage.h"
#include "metrics/Metrics.h"
#include "smtp/Command.h"
#include "smtp/Reply.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mpsmtp::delivery
{

class TransactionCounts
{
public:
    explicit TransactionCounts(metrics::Metrics& metrics) noexcept : _metrics(metrics) {}

    /// A client that never comes to the end of a transaction is seen after 64 of them.
    void command(smtp::Verb verb) noexcept;

    void recipient(bool isAccepted) noexcept { ++_recipients[isAccepted ? 0 : 1]; }

    /// The session is over.
    void flush() noexcept;

    /// MAIL has been accepted by the grammar: one ended() follows.
    void begun() noexcept;

    /// The final dot has come, so long behind MAIL.
    void received(std::chrono::nanoseconds elapsed) noexcept { _received = elapsed; }

    /// \param reply nullptr: the client gave up
    void ended(const smtp::Reply* reply,
               std::chrono::nanoseconds elapsed,
               const SpooledMessage& message,
               const Delivery& delivery) noexcept;

    /// A MAIL that was refused before begun().
    void refused(const smtp::Reply* reply) noexcept;

    /// The optional handlers have had their turn.
    void optional(std::chrono::nanoseconds elapsed, const Delivery& delivery) noexcept;

private:
    static constexpr std::uint32_t mostPending = 64;

    void write(const metrics::Turn& turn) noexcept;
    void writeReply(const metrics::Turn& turn, const smtp::Reply* reply) noexcept;
    void writeMessage(const metrics::Turn& turn, const SpooledMessage& message) noexcept;
    void writePhase(const metrics::Turn& turn,
                    metrics::Phase phase,
                    std::chrono::nanoseconds elapsed) noexcept;

    metrics::Metrics& _metrics;
    std::array<std::uint32_t, metrics::verbNames.size()> _commands{};
    std::array<std::uint32_t, metrics::recipientNames.size()> _recipients{};
    std::uint32_t _pending = 0;
    std::chrono::nanoseconds _received{-1};
};

} // namespace mpsmtp::delivery
