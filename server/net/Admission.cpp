// See Admission.h.
#include "net/Admission.h"

#include <functional>
#include <string_view>

namespace mpsmtp::net
{

void Admission::setLimits(std::size_t total, std::size_t perClient)
{
    const std::lock_guard lock(_mutex);
    _limit = total;
    _limitPerClient = perClient;
}

Admission::Refusal Admission::enter(const Peer& peer, Ticket& ticket)
{
    std::optional<ClientKey> counted;
    {
        const std::lock_guard lock(_mutex);
        if (_limitPerClient > 0)
            counted = peer.key;
        if (_count >= _limit)
            return Refusal::Full;
        if (counted)
        {
            std::size_t& mine = _clients[*counted];
            if (mine >= _limitPerClient)
                return Refusal::TooManyOfClient;
            ++mine;
        }
        ++_count;
    }
    ticket = Ticket(*this, counted);
    return Refusal::None;
}

void Admission::leave(const std::optional<ClientKey>& client) noexcept
{
    const std::lock_guard lock(_mutex);
    --_count;
    if (!client)
        return;
    const auto mine = _clients.find(*client);
    if (mine != _clients.end() && --mine->second == 0)
        _clients.erase(mine);
}

std::size_t Admission::KeyHash::operator()(const ClientKey& key) const noexcept
{
    const auto* octets = reinterpret_cast<const char*>(key.data());
    return std::hash<std::string_view>()({octets, key.size()});
}

} // namespace mpsmtp::net
