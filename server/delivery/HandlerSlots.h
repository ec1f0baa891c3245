// How many threads may be inside one handler: `concurrency = N`. A slow handler then takes N threads of the pool at most,
// and whoever finds no free slot in time is told to come again. Thread safety: [any].
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace mpsmtp::delivery
{

class HandlerSlots
{
public:
    /// \param most 0: no limit
    explicit HandlerSlots(std::size_t most) noexcept : _most(most) {}

    HandlerSlots(const HandlerSlots&) = delete;
    HandlerSlots& operator=(const HandlerSlots&) = delete;

    /// Waits for a free slot, `patience` at most. \return whether there was one; give it back then
    [[nodiscard]] bool take(std::chrono::milliseconds patience);

    void giveBack() noexcept;

    /// 0: no limit, and take() never waits.
    [[nodiscard]] std::size_t most() const noexcept { return _most; }

private:
    const std::size_t _most;
    std::mutex _mutex;
    std::condition_variable _free;
    std::size_t _taken = 0; ///< guarded by _mutex
};

/// A slot for the length of a call.
class HandlerSlot
{
public:
    HandlerSlot(HandlerSlots& slots, std::chrono::milliseconds patience)
        : _slots(slots.take(patience) ? &slots : nullptr)
    {
    }

    HandlerSlot(const HandlerSlot&) = delete;
    HandlerSlot& operator=(const HandlerSlot&) = delete;

    ~HandlerSlot()
    {
        if (_slots)
            _slots->giveBack();
    }

    [[nodiscard]] bool isTaken() const noexcept { return _slots != nullptr; }

private:
    HandlerSlots* _slots;
};

} // namespace mpsmtp::delivery
