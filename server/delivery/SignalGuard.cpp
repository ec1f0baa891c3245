// What this is and its thread safety: SignalGuard.h.
#include "delivery/SignalGuard.h"

namespace mpsmtp::delivery
{

SignalGuard::SignalGuard() noexcept
{
    ::pthread_sigmask(SIG_SETMASK, nullptr, &_mask);
    for (std::size_t i = 0; i < signals.size(); ++i)
        ::sigaction(signals[i], nullptr, &_actions[i]);
}

SignalGuard::~SignalGuard()
{
    for (std::size_t i = 0; i < signals.size(); ++i)
        ::sigaction(signals[i], &_actions[i], nullptr);
    ::pthread_sigmask(SIG_SETMASK, &_mask, nullptr);
}

} // namespace mpsmtp::delivery
