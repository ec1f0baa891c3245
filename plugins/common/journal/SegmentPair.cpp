// What this is and its thread safety: SegmentPair.h.
#include "common/journal/SegmentPair.h"

#include <cerrno>
#include <utility>

#include <sys/random.h>

namespace mpsmtp::store::journal
{

namespace
{

[[nodiscard]] std::uint64_t randomNumber()
{
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number))
        throwSystemError(errno, "cannot get random octets for", "the journal");
    return number;
}

} // namespace

SegmentPair::SegmentPair(const std::string& prefix, std::uint64_t octets, std::string bootId)
    : _bootId(std::move(bootId)), _uses{Use(prefix + ".0", octets), Use(prefix + ".1", octets)}
{
}

bool SegmentPair::tryLock()
{
    return _uses[0].segment.tryLock() && _uses[1].segment.tryLock();
}

bool SegmentPair::isInPlace() const noexcept
{
    return _uses[0].segment.isInPlace() && _uses[1].segment.isInPlace();
}

SegmentPair::Use*
SegmentPair::waitFor(std::uint64_t octets, std::chrono::milliseconds patience, Lock& lock)
{
    const auto deadline = Clock::now() + patience;
    while (!_isRefusing)
    {
        if (Use* const open = findOpen(octets))
            return open;
        if (_isStalled || _changed.wait_until(lock, deadline) == std::cv_status::timeout)
            break;
    }
    Use* const open = _isRefusing ? nullptr : findOpen(octets);
    _isStalled = open == nullptr;
    return open;
}

SegmentPair::Use* SegmentPair::findOpen(std::uint64_t octets)
{
    for (Use& use : _uses)
    {
        if (use.state == Use::State::Open && use.segment.room() >= wholeBlocks(octets))
            return &use;
    }
    for (Use& use : _uses)
    {
        if (use.state == Use::State::Open)
            close(use);
    }
    for (Use& use : _uses)
    {
        if (use.state != Use::State::Free)
            continue;
        use.segment.begin({_lastSequence + 1, randomNumber(), _bootId, false});
        ++_lastSequence;
        use.state = Use::State::Open;
        use.since = Clock::now();
        _changed.notify_all(); // the checkpoint of this one has a time now
        return &use;
    }
    return nullptr;
}

void SegmentPair::close(Use& use)
{
    use.state = Use::State::Closed;
    _changed.notify_all();
}

void SegmentPair::release(std::size_t place) noexcept
{
    Use& use = _uses[place];
    if (--use.entries == 0 && use.state == Use::State::Closed)
        _changed.notify_all();
}

void SegmentPair::checkpointed() noexcept
{
    _isStalled = false;
    _changed.notify_all();
}

} // namespace mpsmtp::store::journal
