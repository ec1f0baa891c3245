#include "bench/load/Worker.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <sys/epoll.h>

namespace mpsmtp::bench
{

Worker::Worker(const LoadPlan& plan,
               const Target& target,
               const MailMaker& maker,
               MessageNumbers& numbers)
    : _plan(plan),
      _target(target),
      _maker(maker),
      _numbers(numbers),
      _epoll(::epoll_create1(EPOLL_CLOEXEC))
{
    if (!_epoll.isOpen())
        store::throwSystemError(errno, "no epoll for", plan.target);
}

void Worker::run(std::uint64_t connections)
{
    _connections.resize(connections);
    for (std::size_t place = 0; place < connections; ++place)
        open(place);
    Clock::time_point looked = Clock::now();
    while (_open > 0)
    {
        std::array<epoll_event, 256> events;
        const int ready = ::epoll_wait(_epoll.get(), events.data(), events.size(), 1000);
        if (ready < 0 && errno != EINTR)
            store::throwSystemError(errno, "cannot wait for", _plan.target);
        for (int i = 0; i < ready; ++i)
            serve(events[static_cast<std::size_t>(i)].data.u64);
        if (Clock::now() - looked < std::chrono::seconds(1))
            continue;
        endSilentOnes();
        looked = Clock::now();
    }
}

/// Leaves the place empty when there is no message left, or after as many failures as there are messages.
void Worker::open(std::size_t place)
{
    while (_numbers.areLeft())
    {
        ClientSession session(_plan, _maker, _numbers, _tally);
        try
        {
            _connections[place] = std::make_unique<Connection>(_target, session, _tally);
        }
        catch (const std::system_error& error)
        {
            session.onLost(error.what());
            continue;
        }
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLET;
        event.data.u64 = place;
        if (::epoll_ctl(_epoll.get(), EPOLL_CTL_ADD, _connections[place]->fd(), &event) != 0)
            store::throwSystemError(errno, "cannot watch", _plan.target);
        ++_open;
        return;
    }
}

void Worker::serve(std::size_t place)
{
    Connection& connection = *_connections[place];
    const Connection::State state = connection.onReady();
    if (state == Connection::State::Open)
        return;
    if (state == Connection::State::Lost)
        connection.giveUp(connection.why());
    close(place);
}

void Worker::close(std::size_t place)
{
    _connections[place].reset();
    --_open;
    open(place);
}

void Worker::endSilentOnes()
{
    const Clock::time_point oldest = Clock::now() - _plan.timeout;
    for (std::size_t place = 0; place < _connections.size(); ++place)
    {
        if (!_connections[place] || _connections[place]->lastReply() > oldest)
            continue;
        _connections[place]->giveUp("no reply in time");
        close(place);
    }
}

} // namespace mpsmtp::bench
