// See Reaper.h.
#include "net/Reaper.h"

namespace mpsmtp::net
{

namespace
{

// A deadline fires this much late at worst. A sweep of 10,000 connections takes half a millisecond.
constexpr std::chrono::milliseconds interval(100);

} // namespace

Reaper::Reaper(ConnectionRegistry& registry)
    : _registry(registry),
      _thread(
          [&registry]
          {
              while (registry.awaitSweep(interval))
                  registry.sweep(CoarseClock::now());
          })
{
}

Reaper::~Reaper()
{
    _registry.retire();
    _thread.join();
}

} // namespace mpsmtp::net
