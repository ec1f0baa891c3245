// What this is and its thread safety: BufferPool.h.
#include "delivery/BufferPool.h"

namespace mpsmtp::delivery
{

BufferPool::BufferPool(std::size_t mostIdle) : _mostIdle(mostIdle)
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
            return Block(block, Return(this));
        }
    }
    // Not value-initialised: that would touch all of it.
    return Block(new char[blockOctets], Return(this));
}

std::size_t BufferPool::idleBlocks() const
{
    const std::lock_guard lock(_mutex);
    return _idle.size();
}

void BufferPool::takeBack(char* block) noexcept
{
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
