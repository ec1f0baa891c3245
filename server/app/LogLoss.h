// How many lines a log has not taken, until somebody can say so. It outlives the target that has lost them: a configuration that
// is read anew makes other targets, and what was lost before is still lost.
// Thread safety: [any].
#pragma once

#include <atomic>
#include <cstdint>

namespace mpsmtp::app
{

class LogLoss
{
public:
    /// \param error why, for lossReason()
    void add(int error, std::uint64_t lines = 1) noexcept
    {
        _error = error;
        _lines += lines;
    }

    [[nodiscard]] bool isThere() const noexcept { return _lines != 0; }

    /// To be told, or given back by add(). \return 0: there is none, or another thread tells it
    [[nodiscard]] std::uint64_t take() noexcept { return _lines.exchange(0); }

    /// Of the last one.
    [[nodiscard]] int error() const noexcept { return _error; }

private:
    std::atomic<std::uint64_t> _lines{0};
    std::atomic<int> _error{0};
};

} // namespace mpsmtp::app
