// Blocks of memory for mail data, lent for one transaction. An idle connection holds none, so that a thousand of them
// cost nothing, and a busy server does not go to the allocator for each message.
// Thread safety: [any].
#pragma once

#include "metrics/Metrics.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace mpsmtp::delivery
{

class BufferPool
{
public:
    /// One recv() of a busy connection, and 16 pages: a small message touches only the first of them.
    static constexpr std::size_t blockOctets = std::size_t{64} * 1024;

    static constexpr std::size_t usualIdle = 64;

    /// Gives a block back to its pool.
    class Return
    {
    public:
        explicit Return(BufferPool* pool = nullptr) noexcept : _pool(pool) {}

        void operator()(char* block) const noexcept { _pool->takeBack(block); }

    private:
        BufferPool* _pool;
    };

    /// blockOctets octets, not initialised. Must not outlive the pool.
    using Block = std::unique_ptr<char[], Return>;

    /// \param mostIdle blocks kept while nobody uses them; those above it go back to the allocator
    /// \param lent counts the octets that are lent; outlives the pool
    explicit BufferPool(std::size_t mostIdle = usualIdle, metrics::Gauge* lent = nullptr);

    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    /// \throws std::bad_alloc
    [[nodiscard]] Block lend();

    [[nodiscard]] std::size_t idleBlocks() const;

private:
    void takeBack(char* block) noexcept;
    void note(std::int64_t octets) const noexcept;

    const std::size_t _mostIdle;
    metrics::Gauge* const _lent;
    mutable std::mutex _mutex;
    std::vector<char*> _idle; ///< guarded by _mutex; owned; never grows above its first capacity
};

} // namespace mpsmtp::delivery
