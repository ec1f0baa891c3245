// HTTP clients that have been accepted and have not asked yet. They have a descriptor and nothing else: no thread waits for
// them, and when there are too many, the one that has been silent for longest goes. Who sends its request in very many pieces is
// refused, since each of them costs a look. So a client that says nothing, or little at a time, holds up nobody, however many
// they are; it loses its place to one that asks.
// Leaves to others: accepting (HttpSocket); the request, of which every octet is left in the socket.
// Thread safety: [connection] (the one thread that accepts); setMost() from any.
#pragma once

#include "http/Head.h"
#include "net/Descriptor.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string_view>
#include <vector>

namespace mpsmtp::http
{

class Lobby
{
public:
    using Clock = std::chrono::steady_clock;

    struct Guest
    {
        net::Descriptor socket;
        Clock::time_point since;
        int pieces = 0; ///< that have come
    };

    /// What a client has in any case for its request to arrive: a crowd that comes at once must not put out one that would have
    /// asked. It bounds how fast a full backlog of silent clients goes: so many in this time as there are places.
    static constexpr std::chrono::milliseconds leastStay{5};

    /// In which a request may come: each is a look at all that there is so far. A head as large as any comes in 32 of 1 KiB.
    static constexpr int mostPieces = 64;

    /// \param most at once
    /// \param longest how long a client may be silent
    /// \throws std::system_error
    Lobby(std::size_t most, std::chrono::milliseconds longest);

    /// From the next look() on: whoever is too many by then goes, the oldest first.
    void setMost(std::size_t most) noexcept { _most = most; }

    [[nodiscard]] std::size_t most() const noexcept { return _most; }

    /// Readable when somebody has sent something or is gone: look().
    [[nodiscard]] int descriptor() const noexcept { return _events.get(); }

    [[nodiscard]] bool isFull() const noexcept { return _silent.size() + _askers.size() >= _most; }

    /// Ends the one that has been silent for longest.
    /// \return false: nobody has been here for leastStay
    [[nodiscard]] bool endOldest(Clock::time_point now) noexcept;

    /// \throws std::system_error, std::bad_alloc; the client is closed then
    void enter(net::Descriptor client, Clock::time_point now);

    /// Finds out who has asked, and ends who is gone, asks for nothing that can be answered, or has been here too long. Hears of
    /// no more than 128 of them: of the others at the next call.
    void look(Clock::time_point now);

    [[nodiscard]] bool hasAsker() const noexcept { return !_askers.empty(); }

    /// Who has asked first; only if hasAsker().
    [[nodiscard]] Guest nextAsker();

private:
    using Number = std::uint64_t;

    [[nodiscard]] bool isCrowded() const noexcept
    {
        return _silent.size() + _askers.size() > _most;
    }

    void hear(Number number, bool isEnd);
    [[nodiscard]] Head peek(int client, bool& isGone) noexcept;
    void refuse(int client, std::string_view answer) noexcept;

    std::atomic<std::size_t> _most;
    const std::chrono::milliseconds _longest;
    const net::Descriptor _events; ///< epoll
    std::vector<char> _peeked;
    Number _next = 0;
    std::map<Number, Guest> _silent; ///< the oldest first
    std::deque<Guest> _askers;
};

} // namespace mpsmtp::http
