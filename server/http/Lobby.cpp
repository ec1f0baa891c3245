// What this is and its thread safety: Lobby.h.
#include "http/Lobby.h"

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace mpsmtp::http
{

namespace
{

/// To hear of all of a full lobby, and of no more in any case: who sends all the time has news without end.
constexpr int mostRounds = 2;
constexpr int roundSize = 64;

constexpr std::string_view tooManyPieces =
    "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

int makeEvents()
{
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    return fd;
}

constexpr std::string_view refusalOf(Head head) noexcept
{
    switch (head)
    {
    case Head::OtherVersion:
        return "HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Length: 0\r\nConnection: "
               "close\r\n\r\n";
    case Head::LongLine:
        return "HTTP/1.1 414 URI Too Long\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    case Head::Large:
        return "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: "
               "close\r\n\r\n";
    default:
        return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    }
}

} // namespace

Lobby::Lobby(std::size_t most, std::chrono::milliseconds longest)
    : _most(most), _longest(longest), _events(makeEvents()), _peeked(mostHeadOctets)
{
}

bool Lobby::endOldest(Clock::time_point now) noexcept
{
    if (_silent.empty() || now - _silent.begin()->second.since < leastStay)
        return false;
    _silent.erase(_silent.begin());
    return true;
}

/// Edge-triggered: a client that has sent half a request is looked at again when it sends more, not all the time.
void Lobby::enter(net::Descriptor client, Clock::time_point now)
{
    const int fd = client.get();
    const auto place = _silent.emplace(_next++, Guest{std::move(client), now}).first;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    event.data.u64 = place->first;
    if (::epoll_ctl(_events.get(), EPOLL_CTL_ADD, fd, &event) == 0)
        return;
    const int error = errno;
    _silent.erase(place);
    throw std::system_error(error, std::generic_category(), "epoll_ctl");
}

void Lobby::look(Clock::time_point now)
{
    std::array<epoll_event, roundSize> events{};
    int count = roundSize;
    for (int round = 0; round < mostRounds && count == roundSize; ++round)
    {
        count = ::epoll_wait(_events.get(), events.data(), roundSize, 0);
        for (int i = 0; i < count; ++i)
        {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            hear(event.data.u64, (event.events & ~std::uint32_t{EPOLLIN}) != 0);
        }
    }
    while (!_silent.empty() && (isCrowded() || now - _silent.begin()->second.since >= _longest))
        _silent.erase(_silent.begin());
}

/// \param isEnd nothing will follow what is there: it is a request now, or never
void Lobby::hear(Number number, bool isEnd)
{
    const auto found = _silent.find(number);
    if (found == _silent.end())
        return;
    const int fd = found->second.socket.get();
    bool isGone = false;
    const Head head = peek(fd, isGone);
    const bool isPiece = !isGone && head == Head::Unfinished && !isEnd;
    if (isPiece && ++found->second.pieces < mostPieces)
        return;
    if (!isGone && head == Head::Whole)
    {
        _askers.push_back(std::move(found->second));
        ::epoll_ctl(_events.get(), EPOLL_CTL_DEL, fd, nullptr);
    }
    else if (!isGone)
        refuse(fd, isPiece ? tooManyPieces : refusalOf(head));
    _silent.erase(found);
}

Head Lobby::peek(int client, bool& isGone) noexcept
{
    const ssize_t count = ::recv(client, _peeked.data(), _peeked.size(), MSG_PEEK | MSG_DONTWAIT);
    isGone = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    return count > 0 ? headOf({_peeked.data(), static_cast<std::size_t>(count)}) : Head::Unfinished;
}

/// Closing with octets unread makes TCP reset the connection, which can destroy the answer on its way.
void Lobby::refuse(int client, std::string_view answer) noexcept
{
    constexpr int mostReads = 16;
    (void)::send(client, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    for (int i = 0; i < mostReads; ++i)
        if (::recv(client, _peeked.data(), _peeked.size(), MSG_DONTWAIT) <= 0)
            return;
}

Lobby::Guest Lobby::nextAsker()
{
    Guest guest = std::move(_askers.front());
    _askers.pop_front();
    return guest;
}

} // namespace mpsmtp::http
