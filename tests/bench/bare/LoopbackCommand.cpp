#include "bench/bare/LoopbackCommand.h"

#include "bench/bare/Files.h"
#include "bench/base/Measure.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace mpsmtp::bench
{

namespace
{

constexpr const char* name = "a loopback connection";
constexpr std::string_view answer = "250 OK\r\n";

struct Pair
{
    FileDescriptor client;
    FileDescriptor server;
};

[[nodiscard]] FileDescriptor tcpSocket()
{
    FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    check(fd.get(), "cannot make", name);
    return fd;
}

void neverDelay(int fd)
{
    const int yes = 1;
    check(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), "cannot set", name);
}

[[nodiscard]] std::vector<Pair> connectPairs(std::uint64_t count)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    const FileDescriptor listening = tcpSocket();
    check(::bind(listening.get(), any, size), "cannot bind", name);
    check(::getsockname(listening.get(), any, &size), "cannot examine", name);
    check(::listen(listening.get(), 16), "cannot listen for", name);
    std::vector<Pair> pairs;
    for (std::uint64_t i = 0; i < count; ++i)
    {
        Pair pair{tcpSocket(), {}};
        check(::connect(pair.client.get(), any, size), "cannot open", name);
        pair.server = FileDescriptor(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
        check(pair.server.get(), "cannot accept", name);
        neverDelay(pair.client.get());
        neverDelay(pair.server.get());
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

[[nodiscard]] FileDescriptor watch(const std::vector<Pair>& pairs, FileDescriptor Pair::*side)
{
    FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    check(epoll.get(), "no epoll for", name);
    for (std::size_t i = 0; i < pairs.size(); ++i)
    {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        check(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, (pairs[i].*side).get(), &event),
              "cannot watch",
              name);
    }
    return epoll;
}

/// Calls `ready(i)` for each pair that can be read; returns when one call has returned false.
template <class Ready>
void loop(const FileDescriptor& epoll, Ready ready)
{
    std::array<epoll_event, 64> events{};
    for (bool isGoingOn = true; isGoingOn;)
    {
        const int count = ::epoll_wait(epoll.get(), events.data(), events.size(), -1);
        check(count < 0 && errno == EINTR ? 0 : count, "cannot wait for", name);
        for (int i = 0; i < count && isGoingOn; ++i)
            isGoingOn = ready(events[static_cast<std::size_t>(i)].data.u64);
    }
}

void sendAll(int fd, std::string_view octets)
{
    while (!octets.empty())
    {
        const ssize_t sent = ::send(fd, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        check(static_cast<int>(std::min<ssize_t>(sent, 1)), "cannot send on", name);
        octets.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// \return octets received; 0 at the end
[[nodiscard]] std::size_t receiveSome(int fd, std::string& buffer)
{
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno != EINTR)
        store::throwSystemError(errno, "cannot receive on", name);
    return static_cast<std::size_t>(std::max<ssize_t>(got, 0));
}

/// Answers after each `octets` of a connection, until one is closed; 0: never answers.
/// \return octets received
std::uint64_t answerAll(const std::vector<Pair>& pairs, std::uint64_t octets)
{
    std::vector<std::uint64_t> received(pairs.size(), 0);
    std::string buffer(65536, '\0');
    std::uint64_t sum = 0;
    loop(watch(pairs, &Pair::server),
         [&](std::size_t i)
         {
             const std::size_t got = receiveSome(pairs[i].server.get(), buffer);
             sum += got;
             received[i] += got;
             for (; octets != 0 && received[i] >= octets; received[i] -= octets)
                 sendAll(pairs[i].server.get(), answer);
             return got > 0;
         });
    return sum;
}

/// Pings on all connections at once until `end`. \return time of each round trip
[[nodiscard]] Histogram
ping(const std::vector<Pair>& pairs, const std::string& octets, Clock::time_point end)
{
    Histogram times;
    std::vector<Clock::time_point> begins(pairs.size());
    std::string buffer(answer.size(), '\0');
    const auto start = [&](std::size_t i)
    {
        begins[i] = Clock::now();
        sendAll(pairs[i].client.get(), octets);
    };
    for (std::size_t i = 0; i < pairs.size(); ++i)
        start(i);
    loop(watch(pairs, &Pair::client),
         [&](std::size_t i)
         {
             (void)receiveSome(pairs[i].client.get(),
                               buffer); // a line this short is not cut on loopback
             const Clock::time_point now = Clock::now();
             times.record(now - begins[i]);
             start(i);
             return now < end;
         });
    return times;
}

/// Ends the other side's loop when it goes.
struct Closing
{
    const std::vector<Pair>& pairs;

    ~Closing()
    {
        for (const Pair& pair : pairs)
            (void)::shutdown(pair.client.get(), SHUT_WR);
    }
};

void addPing(Json& report, const Arguments& arguments)
{
    const std::uint64_t octets = arguments.positive("octets");
    const std::vector<Pair> pairs = connectPairs(arguments.positive("connections"));
    auto other = std::async(std::launch::async, [&] { return answerAll(pairs, octets); });
    const Clock::time_point begin = Clock::now();
    const std::chrono::seconds time(arguments.positive("seconds"));
    Histogram times;
    {
        const Closing closing{pairs};
        times = ping(pairs, std::string(octets, 'x'), begin + time);
    }
    report.add("round_trips_per_second", static_cast<double>(times.count()) / secondsSince(begin));
    report.add("round_trip_us", latencyOf(times));
    (void)other.get();
}

void addBulk(Json& report, const Arguments& arguments)
{
    const std::vector<Pair> pairs = connectPairs(arguments.positive("connections"));
    const std::string octets(65536, 'x');
    auto other = std::async(std::launch::async, [&] { return answerAll(pairs, 0); });
    const Clock::time_point begin = Clock::now();
    const std::chrono::seconds time(arguments.positive("seconds"));
    {
        const Closing closing{pairs};
        for (std::size_t i = 0; Clock::now() - begin < time; ++i)
            sendAll(pairs[i % pairs.size()].client.get(), octets);
    }
    const std::uint64_t received = other.get();
    report.add("octets_per_second", static_cast<double>(received) / secondsSince(begin));
}

} // namespace

std::vector<OptionRow> loopbackOptions()
{
    using Kind = OptionRow::Kind;
    return {{"connections", Kind::Number, "1", "at once"},
            {"octets", Kind::Number, "1024", "of a ping; the pong is a line of eight"},
            {"seconds", Kind::Number, "1", "of each of the two runs"}};
}

Json measureLoopback(const Arguments& arguments)
{
    Json report;
    report.add("connections", arguments.number("connections"));
    report.add("octets", arguments.number("octets"));
    addPing(report, arguments);
    addBulk(report, arguments);
    return report;
}

} // namespace mpsmtp::bench
