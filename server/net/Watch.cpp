// See Watch.h: one atomic word, one ::shutdown for each kind of interruption.
#include "net/Watch.h"

#include "net/ConnectionRegistry.h"
#include "net/Refusal.h"

#include <sys/socket.h>

namespace mpsmtp::net
{

namespace
{

constexpr unsigned stateBits = 8;

} // namespace

Watch::Watch(ConnectionRegistry& registry,
             int fd,
             CoarseClock::time_point deadline,
             CoarseClock::time_point spared)
    : _registry(registry),
      _fd(fd),
      _armed(pack(State::Queued, deadline)),
      _word(_armed),
      _sparedUntil(spared.time_since_epoch().count())
{
    _registry.add(*this);
}

Watch::~Watch()
{
    _registry.remove(*this);
}

void Watch::wait(State state, CoarseClock::time_point deadline) noexcept
{
    if (state == State::Reading)
        _sparedUntil.store(0, std::memory_order_relaxed);
    _armed = pack(state, deadline);
    // Sequentially consistent, as is ConnectionRegistry's flag: of "I wait" and "we shut down",
    // whoever comes second sees the other.
    _word.store(_armed);
}

Interruption Watch::resume() noexcept
{
    Word expected = _armed;
    // A number in the deadline's place, or a second long wait inside handlers would look like one.
    const Word working = ++_serial << stateBits | Word(State::Working);
    if (_word.compare_exchange_strong(expected, working))
        return Interruption::None;
    _word.store(working);
    return stateOf(expected) == State::ShuttingDown ? Interruption::ShuttingDown
                                                    : Interruption::TimedOut;
}

bool Watch::claim() noexcept
{
    const Word word = _word.load();
    return stateOf(word) == State::Queued && moveTo(State::Working, word);
}

void Watch::end() noexcept
{
    _word.store(pack(State::Ended, {}));
}

bool Watch::isShuttingDown() const noexcept
{
    return _registry.isShuttingDown() && !isSpared(CoarseClock::now());
}

void Watch::expire(CoarseClock::time_point now, std::string_view refusal) noexcept
{
    const Word word = _word.load();
    const State state = stateOf(word);
    if (state > State::Sending || state == State::Working ||
        word >> stateBits > now.time_since_epoch().count() || !moveTo(State::TimedOut, word))
        return;
    if (state == State::Queued)
        refuse(_fd, refusal);
    // Who reads gets the end of input, and can still be told; who does not take replies cannot.
    const bool canBeTold = state == State::Idle || state == State::Reading;
    ::shutdown(_fd, canBeTold ? SHUT_RD : SHUT_RDWR);
}

bool Watch::isSpared(CoarseClock::time_point now) const noexcept
{
    return _sparedUntil.load() > now.time_since_epoch().count();
}

/// From a moment that is over by `now`; once, since stopWaiting() forgets it.
bool Watch::wasSparedUntil(CoarseClock::time_point now) const noexcept
{
    const auto until = _sparedUntil.load();
    return until != 0 && until <= now.time_since_epoch().count();
}

bool Watch::isSparedInQueue() const noexcept
{
    return _sparedUntil.load() != 0 && stateOf(_word.load()) == State::Queued;
}

bool Watch::hangs(CoarseClock::time_point now, CoarseClock::duration longest) noexcept
{
    const Word word = _word.load();
    if (word != _seen)
    {
        _seen = word;
        _seenSince = now;
    }
    return stateOf(word) == State::Working && now - _seenSince > longest;
}

void Watch::stopWaiting(CoarseClock::time_point now) noexcept
{
    if (isSpared(now))
        return;
    // As with the registry's flag: of "I wait" and "you are not spared any more", whoever comes second sees the other.
    _sparedUntil.store(0);
    const Word word = _word.load();
    if (stateOf(word) == State::Idle && moveTo(State::ShuttingDown, word))
        ::shutdown(_fd, SHUT_RD);
}

void Watch::cut() noexcept
{
    ::shutdown(_fd, SHUT_RDWR);
}

bool Watch::moveTo(State state, Word seen) noexcept
{
    return _word.compare_exchange_strong(seen, pack(state, {}));
}

Watch::Word Watch::pack(State state, CoarseClock::time_point deadline) noexcept
{
    return Word(deadline.time_since_epoch().count()) << stateBits | Word(state);
}

Watch::State Watch::stateOf(Word word) noexcept
{
    return static_cast<State>(word & ((1 << stateBits) - 1));
}

} // namespace mpsmtp::net
