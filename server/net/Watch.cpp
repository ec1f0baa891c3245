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

Watch::Watch(ConnectionRegistry& registry, int fd, CoarseClock::time_point deadline)
    : _registry(registry), _fd(fd), _armed(pack(State::Queued, deadline)), _word(_armed)
{
    _registry.add(*this);
}

Watch::~Watch()
{
    _registry.remove(*this);
}

void Watch::wait(State state, CoarseClock::time_point deadline) noexcept
{
    _armed = pack(state, deadline);
    // Sequentially consistent, as is ConnectionRegistry's flag: of "I wait" and "we shut down",
    // whoever comes second sees the other.
    _word.store(_armed);
}

Interruption Watch::resume() noexcept
{
    Word expected = _armed;
    if (_word.compare_exchange_strong(expected, pack(State::Working, {})))
        return Interruption::None;
    _word.store(pack(State::Working, {}));
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
    return _registry.isShuttingDown();
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

void Watch::stopWaiting() noexcept
{
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
