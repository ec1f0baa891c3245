// See Acceptors.h.
#include "net/Acceptors.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <cerrno>

namespace mpsmtp::net
{

Acceptors::Change Acceptors::prepare(std::shared_ptr<const Generation> generation)
{
    Change change;
    change._generation = std::move(generation);
    for (const ListenerConfig& config : change._generation->config.listeners)
        for (const std::string& address : config.addresses)
            prepare(config, address, change._places);
    for (Change::Place& place : change._places)
        for (Listener& listener : place.bound)
            listener.listen();
    return change;
}

void Acceptors::prepare(const ListenerConfig& config, const std::string& address, Places& places)
{
    if (const std::string name = inheritedName(address); !name.empty())
        return prepareInherited(config, name, places);
    if (auto bound = _stock.take(address); !bound.empty())
        return add(config, std::move(bound), places);
    const auto keep = [&](const Endpoint& wanted)
    {
        Acceptor* const kept = find(wanted, config.name, places);
        if (kept != nullptr)
            places.push_back({&config, kept, {}, nullptr});
        return kept != nullptr;
    };
    try
    {
        add(config, Listener::bind(address, keep), places);
    }
    catch (const std::system_error& error)
    {
        explain(address, error);
    }
}

void Acceptors::add(const ListenerConfig& config, std::vector<Listener> listeners, Places& places)
{
    for (Listener& listener : listeners)
    {
        places.push_back({&config, nullptr, {}, nullptr});
        places.back().bound.push_back(std::move(listener));
    }
}

/// All sockets of one name are in use, or none is.
void Acceptors::prepareInherited(const ListenerConfig& config,
                                 const std::string& name,
                                 Places& places) const
{
    bool isKept = false;
    for (const auto& acceptor : _acceptors)
    {
        if (acceptor->listener().inheritedName() != name || isTaken(*acceptor, places))
            continue;
        places.push_back({&config, acceptor.get(), {}, nullptr});
        isKept = true;
    }
    if (!isKept)
        add(config, _stock.lend(name), places);
}

bool Acceptors::isTaken(const Acceptor& acceptor, const Places& places)
{
    return std::any_of(places.begin(),
                       places.end(),
                       [&](const Change::Place& place) { return place.kept == &acceptor; });
}

/// Of several that fit (they all had port 0) the one that had the same name.
Acceptor*
Acceptors::find(const Endpoint& wanted, const std::string& name, const Places& taken) const
{
    Acceptor* found = nullptr;
    for (const auto& acceptor : _acceptors)
    {
        if (isTaken(*acceptor, taken) || !acceptor->listener().isAt(wanted) ||
            !acceptor->listener().isInPlace())
            continue;
        if (acceptor->name() == name)
            return acceptor.get();
        found = found == nullptr ? acceptor.get() : found;
    }
    return found;
}

/// Of "*:25" and "127.0.0.1:25" only one can be had, so that one cannot be bound before the other
/// is closed. Closing first would refuse clients, and lose the address for good if the bind failed.
void Acceptors::explain(const std::string& address, const std::system_error& error) const
{
    if (const std::string holder = _stock.holderOf(address);
        error.code().value() == EADDRINUSE && !holder.empty())
        throwCannotListen(address,
                          EADDRINUSE,
                          "it was handed over as a socket; write " + std::string(inheritedPrefix) +
                              holder);
    for (const auto& acceptor : _acceptors)
    {
        const std::string own = acceptor->listener().address();
        if (error.code().value() == EADDRINUSE && portOf(own) == portOf(address))
            throwCannotListen(
                address, EADDRINUSE, "this server itself listens on " + own + "; restart it");
    }
    throw error;
}

void Acceptors::take(Change change, Poco::ThreadPool& pool)
{
    std::vector<std::unique_ptr<Acceptor>> next;
    next.reserve(change._places.size());
    for (Change::Place& place : change._places)
        for (Listener& listener : place.bound)
            place.made = std::make_unique<Acceptor>(
                _context, Service{change._generation, place.config}, std::move(listener), pool);
    for (Change::Place& place : change._places)
        if (place.made)
            place.made->start();
    // From here on nothing fails.
    for (Change::Place& place : change._places)
    {
        if (place.kept == nullptr)
        {
            next.push_back(std::move(place.made));
            continue;
        }
        place.kept->serveBy({change._generation, place.config});
        const auto owner = std::find_if(_acceptors.begin(),
                                        _acceptors.end(),
                                        [&](const auto& each) { return each.get() == place.kept; });
        next.push_back(std::move(*owner));
    }
    _acceptors.swap(next); // and those that nobody kept are closed with it
}

void Acceptors::hold()
{
    for (const auto& acceptor : _acceptors)
        acceptor->hold();
    for (const auto& acceptor : _acceptors)
        acceptor->awaitHeld();
}

std::vector<std::pair<std::string, std::uint64_t>> Acceptors::turns() const
{
    std::vector<std::pair<std::string, std::uint64_t>> turns;
    for (const auto& acceptor : _acceptors)
        turns.emplace_back(acceptor->listener().address(), acceptor->acceptSocket().turns().load());
    return turns;
}

void Acceptors::stop()
{
    for (const auto& acceptor : _acceptors)
        acceptor->stop();
}

std::vector<std::string> Acceptors::addresses() const
{
    std::vector<std::string> addresses;
    for (const auto& acceptor : _acceptors)
        addresses.push_back(acceptor->listener().address());
    return addresses;
}

} // namespace mpsmtp::net
