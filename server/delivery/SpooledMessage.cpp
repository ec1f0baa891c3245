// What this is and its thread safety: SpooledMessage.h.
#include "delivery/SpooledMessage.h"

#include <cerrno>
#include <new>

namespace mpsmtp::delivery
{

namespace
{

int appendAll(SpoolFile& file, const std::vector<mpsmtp_string>& segments)
{
    for (const mpsmtp_string& segment : segments)
        if (const int error = file.append({segment.data, segment.size}); error != 0)
            return error;
    return 0;
}

std::uint64_t totalOctets(const std::vector<mpsmtp_string>& segments) noexcept
{
    std::uint64_t sum = 0;
    for (const mpsmtp_string& segment : segments)
        sum += segment.size;
    return sum;
}

} // namespace

int openCopy(FileCalls& calls,
             const SpoolLimits& limits,
             const std::vector<mpsmtp_string>& segments)
{
    SpoolFile file(calls);
    const bool isLarge = totalOctets(segments) > limits.memoryOctets;
    int error = isLarge ? file.create(limits.directory) : file.createInMemory();
    if (error == 0)
        error = appendAll(file, segments);
    return error == 0 ? file.openReadOnly() : -error;
}

SpooledMessage::SpooledMessage(BufferPool& pool,
                               FileCalls& calls,
                               const SpoolLimits& limits) noexcept
    : _pool(pool), _calls(calls), _limits(limits), _file(calls)
{
}

void SpooledMessage::clear() noexcept
{
    _segments.clear();
    _blocks.clear();
    _file.close();
    _used = 0;
    _size = 0;
    _error = 0;
}

smtp::Buffer SpooledMessage::writable() noexcept
{
    try
    {
        if (_error == 0 && isBlockFull())
        {
            _blocks.push_back(_pool.lend());
            _used = 0;
        }
    }
    catch (const std::bad_alloc&)
    {
        fail(ENOMEM);
    }
    if (_error != 0)
        return {_lost.data(), _lost.size()};
    return {_blocks.back().get() + _used, BufferPool::blockOctets - _used};
}

bool SpooledMessage::written(std::size_t count)
{
    if (_error != 0)
        return false;
    _used += count;
    _size += count;
    if (!_file.isOpen() && _size > _limits.memoryOctets)
        moveToFile();
    else if (_file.isOpen() && isBlockFull())
        flush();
    return _error == 0;
}

bool SpooledMessage::complete()
{
    if (_error == 0 && _file.isOpen())
        flush();
    if (_error == 0 && _file.isOpen())
        fail(_file.map());
    if (_error == 0)
        nameSegments();
    return _error == 0;
}

int SpooledMessage::open() const
{
    return _file.isOpen() ? _file.openReadOnly() : openCopy(_calls, _limits, _segments);
}

/// Remembers the first error and gives everything back at once: a full disk shall not be held full by a message that is
/// refused anyway.
bool SpooledMessage::fail(int error) noexcept
{
    if (error == 0)
        return true;
    const auto size = _size;
    clear();
    _size = size;
    _error = error;
    return false;
}

void SpooledMessage::moveToFile()
{
    if (!fail(_file.create(_limits.directory)))
        return;
    for (std::size_t i = 0; i + 1 < _blocks.size(); ++i)
        if (!fail(_file.append({_blocks[i].get(), BufferPool::blockOctets})))
            return;
    _blocks.erase(_blocks.begin(), _blocks.end() - 1); // from now on one block is enough
    flush();
}

void SpooledMessage::flush()
{
    if (!_blocks.empty() && fail(_file.append({_blocks.back().get(), _used})))
        _used = 0;
}

void SpooledMessage::nameSegments()
{
    if (_file.isOpen())
    {
        const auto content = _file.content();
        _segments.push_back({content.data(), content.size()});
        _blocks.clear();
        return;
    }
    for (const BufferPool::Block& block : _blocks)
        _segments.push_back({block.get(), BufferPool::blockOctets});
    if (!_segments.empty())
        _segments.back().size = _used;
    if (_used == 0 && !_segments.empty())
        _segments.pop_back(); // lent for octets that never came
}

} // namespace mpsmtp::delivery
