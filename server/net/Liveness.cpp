// See Liveness.h.
#include "net/Liveness.h"

#include "net/Acceptors.h"
#include "net/ServerContext.h"

#include <Poco/Exception.h>
#include <Poco/ThreadPool.h>

namespace mpsmtp::net
{

std::string Liveness::complaint(CoarseClock::duration patience,
                                std::size_t places,
                                CoarseClock::duration handlerTime)
{
    const auto now = CoarseClock::now();
    if (std::string address = acceptorAtRest(now, patience); !address.empty())
        return "nobody accepts at " + address + " any more";
    if (!isSwept(now, patience))
        return "the thread that ends slow connections stands still";
    if (!poolRuns(now, patience))
        return "the pool of threads does not run what it is given";
    if (_context.registry.hanging(now, handlerTime) >= places)
        return "every connection is inside a handler that does not return";
    return {};
}

std::string Liveness::acceptorAtRest(CoarseClock::time_point now, CoarseClock::duration patience)
{
    std::map<std::string, Pulse> pulses;
    std::string atRest;
    for (const auto& [address, turns] : _acceptors.turns())
    {
        Pulse& pulse = pulses[address] = _acceptorPulses[address];
        if (!pulse.beats(turns, now, patience))
            atRest = address;
    }
    _acceptorPulses.swap(pulses); // and those that a reload has closed are forgotten
    return atRest;
}

/// Without connections the reaper sleeps; it is then taken as one who has just turned.
bool Liveness::isSwept(CoarseClock::time_point now, CoarseClock::duration patience)
{
    if (_context.registry.size() == 0)
        _reaperPulse = Pulse();
    return _reaperPulse.beats(_context.registry.sweeps().load(), now, patience);
}

/// One task at a time: a pool that stands still is not given more.
bool Liveness::poolRuns(CoarseClock::time_point now, CoarseClock::duration patience)
{
    const std::uint64_t ended = _task.turns();
    const bool beats = _poolPulse.beats(ended, now, patience);
    if (ended < _given)
        return beats;
    try
    {
        _pool.start(_task);
        ++_given;
    }
    catch (const Poco::
               Exception&) // no thread is free, or can be made: the pulse tells, if it stays so
    {
    }
    return beats;
}

} // namespace mpsmtp::net
