// Who may write into which copy of a counter. Each counter has several copies; a thread takes one of them for itself for as
// long as it needs to write down what it has seen, and then adds with a plain load and store. That is one locked
// instruction for all that is told of a mail instead of one for each counter, and no two processors write one cache line.
// Leaves to others: the counters (Cells.h).
// Thread safety: [any].
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace mpsmtp::metrics
{

/// Keeps what different threads write apart.
inline constexpr std::size_t cacheLineOctets = 64;

class Slots
{
public:
    /// Copies that one thread has for itself; more than that write at the same moment only when a thread was interrupted.
    static constexpr std::size_t exclusive = 8;

    /// The copy of those who find none free. There, adding is atomic.
    static constexpr std::size_t shared = exclusive;

    static constexpr std::size_t count = exclusive + 1;

    Slots() = default;
    Slots(const Slots&) = delete;
    Slots& operator=(const Slots&) = delete;

private:
    friend class Turn;

    struct alignas(cacheLineOctets) Slot
    {
        std::atomic<bool> isTaken{false};
    };

    /// \return a slot that is the caller's until it gives it back, or `shared`. Never waits.
    [[nodiscard]] std::size_t take() noexcept;

    void giveBack(std::size_t slot) noexcept
    {
        if (slot != shared)
            _slots[slot].isTaken.store(false, std::memory_order_release);
    }

    std::array<Slot, exclusive> _slots;
};

/// A thread's right to write. To be held for a few additions: nothing slow may happen meanwhile. Thread safety: [connection].
class Turn
{
public:
    explicit Turn(Slots& slots) noexcept : _slots(slots), _slot(slots.take()) {}

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    ~Turn() { _slots.giveBack(_slot); }

    [[nodiscard]] std::size_t slot() const noexcept { return _slot; }

    [[nodiscard]] bool isExclusive() const noexcept { return _slot != Slots::shared; }

private:
    Slots& _slots;
    const std::size_t _slot;
};

} // namespace mpsmtp::metrics
