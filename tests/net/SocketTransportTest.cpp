// Plain sockets: octets there and back, and how a connection ends.
#include "net/SocketTransport.h"
#include "net/Descriptor.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <sys/socket.h>

using namespace mpsmtp::net;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class SocketTransportTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SocketTransportTest);
    CPPUNIT_TEST(octetsAreReceivedHoweverTheThreadWaits);
    CPPUNIT_TEST(theEndOfInputIsNoFailure);
    CPPUNIT_TEST(aVanishedPeerIsAFailureAndNoSignal);
    CPPUNIT_TEST(allIsSentToASlowReader);
    CPPUNIT_TEST(aShutdownEndsABlockedReceive);
    CPPUNIT_TEST(partingDiscardsUntilThePeerCloses);
    CPPUNIT_TEST(partingDoesNotWaitForEver);
    CPPUNIT_TEST_SUITE_END();

    Descriptor _server;
    Descriptor _client;
    std::atomic<std::size_t> _sessions{2};

public:
    void setUp() override
    {
        std::array<int, 2> ends{};
        CPPUNIT_ASSERT_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
        _server.reset(ends[0]);
        _client.reset(ends[1]);
    }

    void tearDown() override
    {
        _server.reset();
        _client.reset();
    }

private:
    [[nodiscard]] SocketTransport transport(unsigned spin = 8) const
    {
        return {_server.get(), {spin, _sessions}};
    }

    static std::string receiveFrom(SocketTransport transport)
    {
        std::array<char, 100> octets{};
        const Received received = transport.receive(octets.data(), octets.size());
        CPPUNIT_ASSERT(received.status == IoStatus::Done);
        return {octets.data(), received.octets};
    }

    void octetsAreReceivedHoweverTheThreadWaits()
    {
        struct Row
        {
            const char* why;
            unsigned spin;
            std::size_t sessions;
        };

        const Row rows[] = {
            {"no spinning configured", 0, 10},
            {"nobody to yield to", 8, 1},
            {"yields first", 8, 2},
        };
        for (const Row& row : rows)
        {
            _sessions = row.sessions;
            std::thread sender(
                [this]
                {
                    std::this_thread::yield();
                    ::send(_client.get(), "hello", 5, MSG_NOSIGNAL);
                });
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, std::string("hello"), receiveFrom(transport(row.spin)));
            sender.join();
        }
    }

    void theEndOfInputIsNoFailure()
    {
        ::shutdown(_client.get(), SHUT_WR);
        char octet = 0;
        CPPUNIT_ASSERT(transport().receive(&octet, 1).status == IoStatus::EndOfInput);
        CPPUNIT_ASSERT(transport().send("still") == IoStatus::Done);
    }

    void aVanishedPeerIsAFailureAndNoSignal()
    {
        _client.reset();
        CPPUNIT_ASSERT(transport().send("anybody?") == IoStatus::Failed);
    }

    void allIsSentToASlowReader()
    {
        const std::string sent(2'000'000, 'x');
        std::size_t received = 0;
        std::thread reader(
            [this, &received]
            {
                std::array<char, 50'000> octets{};
                for (ssize_t count = 1; count > 0; received += static_cast<std::size_t>(count))
                    count = ::recv(_client.get(), octets.data(), octets.size(), 0);
            });
        const IoStatus status = transport().send(sent);
        ::shutdown(_server.get(), SHUT_WR);
        reader.join();
        CPPUNIT_ASSERT(status == IoStatus::Done);
        CPPUNIT_ASSERT_EQUAL(sent.size(), received);
    }

    void aShutdownEndsABlockedReceive()
    {
        std::thread reaper([this] { ::shutdown(_server.get(), SHUT_RD); });
        char octet = 0;
        const Received received = transport().receive(&octet, 1);
        reaper.join();
        CPPUNIT_ASSERT(received.status == IoStatus::EndOfInput);
    }

    void partingDiscardsUntilThePeerCloses()
    {
        ssize_t endOfInput = -1;
        std::thread peer(
            [this, &endOfInput]
            {
                char octet = 0;
                ::send(_client.get(), "too late", 8, MSG_NOSIGNAL);
                endOfInput = ::recv(_client.get(), &octet, 1, 0);
                _client.reset();
            });
        const auto begin = steady_clock::now();
        transport().finish(milliseconds(5000));
        peer.join();
        CPPUNIT_ASSERT_EQUAL(ssize_t(0), endOfInput);
        CPPUNIT_ASSERT(steady_clock::now() - begin < milliseconds(2000));
    }

    void partingDoesNotWaitForEver()
    {
        const auto begin = steady_clock::now();
        transport().finish(milliseconds(50));
        CPPUNIT_ASSERT(steady_clock::now() - begin < milliseconds(2000));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SocketTransportTest);
