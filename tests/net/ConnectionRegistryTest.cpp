// Interruptions: by deadline, by shutdown, and never by mistake.
#include "net/ConnectionRegistry.h"
#include "net/Descriptor.h"
#include "net/Watch.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <optional>
#include <string>
#include <thread>

#include <sys/socket.h>

using namespace mpsmtp::net;
using std::chrono::seconds;

namespace
{

CoarseClock::time_point at(int second)
{
    return CoarseClock::time_point(seconds(second));
}

/// A watched connection and its client.
struct Pair
{
    explicit Pair(ConnectionRegistry& registry)
    {
        std::array<int, 2> ends{};
        CPPUNIT_ASSERT_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
        server.reset(ends[0]);
        client.reset(ends[1]);
        watch.emplace(registry, server.get(), at(5));
    }

    [[nodiscard]] bool inputHasEnded() const
    {
        char octet = 0;
        return ::recv(server.get(), &octet, 1, MSG_DONTWAIT) == 0;
    }

    [[nodiscard]] bool outputHasEnded() const
    {
        return ::send(server.get(), "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0;
    }

    [[nodiscard]] std::string received() const
    {
        std::array<char, 100> octets{};
        const ssize_t count = ::recv(client.get(), octets.data(), octets.size(), MSG_DONTWAIT);
        return {octets.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
    }

    Descriptor server;
    Descriptor client;
    std::optional<Watch> watch;
};

} // namespace

class ConnectionRegistryTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ConnectionRegistryTest);
    CPPUNIT_TEST(aPassedDeadlineEndsTheInput);
    CPPUNIT_TEST(aDeadlineAheadDoesNothing);
    CPPUNIT_TEST(aPassedDeadlineOfAReplyEndsAll);
    CPPUNIT_TEST(workIsNotInterrupted);
    CPPUNIT_TEST(aConnectionThatNoThreadTakesIsRefused);
    CPPUNIT_TEST(aConnectionIsClaimedOnce);
    CPPUNIT_TEST(shutdownWakesThoseBetweenTransactionsOnly);
    CPPUNIT_TEST(whoBeginsToWaitDuringShutdownSeesIt);
    CPPUNIT_TEST(cuttingEndsAllConnections);
    CPPUNIT_TEST(waitingForTheLastConnectionEndsWithIt);
    CPPUNIT_TEST_SUITE_END();

    ConnectionRegistry _registry{"421 full\r\n"};

    void aPassedDeadlineEndsTheInput()
    {
        for (const auto state : {Watch::State::Idle, Watch::State::Reading})
        {
            Pair pair(_registry);
            pair.watch->wait(state, at(100));
            _registry.sweep(at(100));
            CPPUNIT_ASSERT(pair.inputHasEnded());
            CPPUNIT_ASSERT(!pair.outputHasEnded());
            CPPUNIT_ASSERT(pair.watch->resume() == Interruption::TimedOut);
        }
    }

    void aDeadlineAheadDoesNothing()
    {
        Pair pair(_registry);
        pair.watch->wait(Watch::State::Idle, at(100));
        _registry.sweep(at(99));
        CPPUNIT_ASSERT(!pair.inputHasEnded());
        CPPUNIT_ASSERT(pair.watch->resume() == Interruption::None);
        pair.watch->wait(Watch::State::Idle, at(200));
        _registry.sweep(at(150));
        CPPUNIT_ASSERT(pair.watch->resume() == Interruption::None);
    }

    void aPassedDeadlineOfAReplyEndsAll()
    {
        Pair pair(_registry);
        pair.watch->wait(Watch::State::Sending, at(100));
        _registry.sweep(at(101));
        CPPUNIT_ASSERT(pair.outputHasEnded());
        CPPUNIT_ASSERT(pair.watch->resume() == Interruption::TimedOut);
    }

    void workIsNotInterrupted()
    {
        Pair pair(_registry);
        CPPUNIT_ASSERT(pair.watch->claim());
        _registry.sweep(at(1'000'000));
        _registry.beginShutdown();
        CPPUNIT_ASSERT(!pair.inputHasEnded());
        CPPUNIT_ASSERT(!pair.outputHasEnded());
    }

    void aConnectionThatNoThreadTakesIsRefused()
    {
        Pair pair(_registry);
        _registry.sweep(at(5));
        CPPUNIT_ASSERT(!pair.watch->claim());
        CPPUNIT_ASSERT_EQUAL(std::string("421 full\r\n"), pair.received());
        CPPUNIT_ASSERT(pair.outputHasEnded());
    }

    void aConnectionIsClaimedOnce()
    {
        Pair pair(_registry);
        CPPUNIT_ASSERT(pair.watch->claim());
        CPPUNIT_ASSERT(!pair.watch->claim());
    }

    void shutdownWakesThoseBetweenTransactionsOnly()
    {
        Pair idle(_registry);
        Pair reading(_registry);
        idle.watch->wait(Watch::State::Idle, at(100));
        reading.watch->wait(Watch::State::Reading, at(100));
        _registry.beginShutdown();
        CPPUNIT_ASSERT(idle.inputHasEnded());
        CPPUNIT_ASSERT(!idle.outputHasEnded());
        CPPUNIT_ASSERT(idle.watch->resume() == Interruption::ShuttingDown);
        CPPUNIT_ASSERT(!reading.inputHasEnded());
        CPPUNIT_ASSERT(reading.watch->resume() == Interruption::None);
    }

    // The race that the order of store and load in Watch::wait decides: never neither.
    void whoBeginsToWaitDuringShutdownSeesIt()
    {
        for (int round = 0; round < 2000; ++round)
        {
            ConnectionRegistry registry("");
            Pair pair(registry);
            CPPUNIT_ASSERT(pair.watch->claim());
            bool isSeen = false;
            std::thread waiter(
                [&]
                {
                    pair.watch->wait(Watch::State::Idle, at(100));
                    isSeen = pair.watch->isShuttingDown();
                });
            registry.beginShutdown();
            waiter.join();
            CPPUNIT_ASSERT(isSeen || pair.watch->resume() == Interruption::ShuttingDown);
        }
    }

    void cuttingEndsAllConnections()
    {
        Pair working(_registry);
        Pair reading(_registry);
        CPPUNIT_ASSERT(working.watch->claim());
        reading.watch->wait(Watch::State::Reading, at(100));
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), _registry.cutAll());
        CPPUNIT_ASSERT(working.inputHasEnded() && working.outputHasEnded());
        CPPUNIT_ASSERT(reading.inputHasEnded() && reading.outputHasEnded());
    }

    void waitingForTheLastConnectionEndsWithIt()
    {
        std::optional<Pair> pair(std::in_place, _registry);
        _registry.beginShutdown();
        CPPUNIT_ASSERT(!_registry.awaitEmpty(std::chrono::milliseconds(1)));
        std::thread ender([&pair] { pair.reset(); });
        CPPUNIT_ASSERT(_registry.awaitEmpty(seconds(5)));
        ender.join();
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), _registry.size());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConnectionRegistryTest);
