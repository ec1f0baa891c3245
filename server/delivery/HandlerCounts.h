// What is counted of a handler's answers. A handler "works on" a question from before its slot to its answer, and on a
// message from its first step to the end of the transaction.
// Leaves to others: what became of a message (TransactionCounts).
// Thread safety: Presence [connection]; the rest [any].
#pragma once

#include "delivery/HookAnswer.h"
#include "metrics/Metrics.h"

#include <chrono>

namespace mpsmtp::delivery
{

/// Counts a coming, and at its end a going unless somebody else will.
class Presence
{
public:
    explicit Presence(metrics::Handler& counts) noexcept : _counts(&counts)
    {
        note(counts, metrics::Handler::Event::Entered);
    }

    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

    ~Presence()
    {
        if (_counts)
            note(*_counts, metrics::Handler::Event::Left);
    }

    /// The handler stays; TransactionCounts lets it go.
    void keep() noexcept { _counts = nullptr; }

private:
    static void note(metrics::Handler& counts, metrics::Handler::Event event) noexcept
    {
        const metrics::Turn turn(counts.slots);
        counts.presence.add(turn, event);
    }

    metrics::Handler* _counts;
};

/// The answer to a question; Presence counts the coming and going.
void countAnswer(metrics::Handler& counts,
                 PolicyHook hook,
                 const PolicyAnswer& answer,
                 std::chrono::nanoseconds elapsed) noexcept;

} // namespace mpsmtp::delivery
