// Whether something that counts its turns still turns, seen from outside.
// Thread safety: [main].
#pragma once

#include "net/CoarseClock.h"

#include <cstdint>

namespace mpsmtp::net
{

class Pulse
{
public:
    /// To be called now and then with the count of turns.
    /// \return whether it has changed within `longest`, or is looked at for the first time
    [[nodiscard]] bool
    beats(std::uint64_t turns, CoarseClock::time_point now, CoarseClock::duration longest) noexcept
    {
        if (turns != _turns || _since == CoarseClock::time_point())
        {
            _turns = turns;
            _since = now;
        }
        return now - _since <= longest;
    }

private:
    std::uint64_t _turns = 0;
    CoarseClock::time_point _since{};
};

} // namespace mpsmtp::net
