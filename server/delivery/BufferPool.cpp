// What this is and its thread safety: BufferPool.h.
#include "delivery/BufferPool.h"

namespace mpsmtp::delivery
{

BufferPool::BufferPool(std::size_t mostIdle, metrics::Gauge* lent)
    : _mostIdle(mostIdle), _lent(lent)
{
    _idle.reserve(mostIdle); // takeBack() must not allocate
}

BufferPool::~BufferPool()
{
    for (char* block : _idle)
        delete[] block;
}

BufferPool::Block BufferPool::lend()
{
    {
        const std::lock_guard lock(_mutex);
        if (!_idle.empty())
        {
            // The last one given back is the likeliest to be in the processor's cache.
            char* block = _idle.back();
            _idle.pop_back();
            note(blockOctets);
            return Block(block, Return(this));
        }
    }
    // Not value-initialised: that would touch all of it.
    Block block(new char[blockOctets], Return(this));
    note(blockOctets);
    return block;
}

void BufferPool::note(std::int64_t octets) const noexcept
{
    if (_lent)
        _lent->add(octets);
}

std::size_t BufferPool::idleBlocks() const
{
    const std::lock_guard lock(_mutex);
    return _idle.size();
}

void BufferPool::takeBack(char* block) noexcept
{
    note(-std::int64_t{blockOctets});
    {
        const std::lock_guard lock(_mutex);
        if (_idle.size() < _mostIdle)
        {
            _idle.push_back(block);
            return;
        }
    }
    delete[] block;
}

} // namespace mpsmtp::delivery
