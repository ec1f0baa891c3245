// Limits on open connections, all listeners together, checked before a thread is taken. A place is
// given back by the Ticket's destructor, which lives in the socket itself: no way to drop a
// connection (refused by a full queue, dispatcher stopped, exception) can leak one.
// Thread safety: [any].
#pragma once

#include "net/Peer.h"

#include <atomic>
#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace mpsmtp::net
{

class Admission
{
public:
    enum class Refusal
    {
        None,
        Full,           ///< 421 4.3.2
        TooManyOfClient ///< 421 4.7.0
    };

    class Ticket
    {
    public:
        Ticket() = default;

        Ticket(Ticket&& other) noexcept
            : _admission(std::exchange(other._admission, nullptr)), _client(other._client)
        {
        }

        Ticket& operator=(Ticket&& other) noexcept
        {
            std::swap(_admission, other._admission);
            std::swap(_client, other._client);
            return *this;
        }

        ~Ticket()
        {
            if (_admission != nullptr)
                _admission->leave(_client);
        }

    private:
        friend class Admission;

        Ticket(Admission& admission, const std::optional<ClientKey>& client) noexcept
            : _admission(&admission), _client(client)
        {
        }

        Admission* _admission = nullptr;
        std::optional<ClientKey> _client;
    };

    /// \param perClient 0: no limit
    Admission(std::size_t total, std::size_t perClient) noexcept
        : _limit(total), _limitPerClient(perClient)
    {
    }

    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    /// For who comes from now on; whoever is in stays.
    void setLimits(std::size_t total, std::size_t perClient);

    /// A place for `peer` in `ticket`, or why not.
    [[nodiscard]] Refusal enter(const Peer& peer, Ticket& ticket);

    [[nodiscard]] std::size_t count() const noexcept
    {
        return _count.load(std::memory_order_relaxed);
    }

    /// Also read by sessions, which give way to each other only when there are others.
    [[nodiscard]] const std::atomic<std::size_t>& counter() const noexcept { return _count; }

private:
    struct KeyHash
    {
        std::size_t operator()(const ClientKey& key) const noexcept;
    };

    void leave(const std::optional<ClientKey>& client) noexcept;

    std::atomic<std::size_t> _count{0}; // written under _mutex
    std::mutex _mutex;                  // guards what follows
    std::size_t _limit;
    std::size_t _limitPerClient;
    // Holds clients with open connections only, so it is never larger than their number.
    std::unordered_map<ClientKey, std::size_t, KeyHash> _clients;
};

} // namespace mpsmtp::net
