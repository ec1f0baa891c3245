// Clients that are slow, silent, or do not listen: none of them holds a thread for longer than
// configured.
#include "TestServer.h"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <string>

#include <poll.h>

using mpsmtp::net::ServerConfig;
using namespace mpsmtp::net::test;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace
{

ServerConfig configFor(milliseconds command, milliseconds data, std::uint64_t rate)
{
    ServerConfig config = testConfig();
    config.commandTimeout = command;
    config.dataTimeout = data;
    config.minDataRate = rate;
    return config;
}

} // namespace

class SmtpServerDeadlinesTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SmtpServerDeadlinesTest);
    CPPUNIT_TEST(aSilentClientIsTimedOut);
    CPPUNIT_TEST(aTricklingClientIsTimedOutAllTheSame);
    CPPUNIT_TEST(eachCommandHasItsOwnTime);
    CPPUNIT_TEST(silenceInMailDataIsTimedOut);
    CPPUNIT_TEST(tricklingMailDataIsTimedOut);
    CPPUNIT_TEST(fastMailDataEarnsItsTime);
    CPPUNIT_TEST(aClientThatNeverReadsHoldsNoThread);
    CPPUNIT_TEST_SUITE_END();

    void aSilentClientIsTimedOut()
    {
        TestServer server(configFor(milliseconds(200), seconds(60), 1000));
        TestClient client = server.connect();
        (void)client.reply();
        assertTimedOut(client.rest());
        CPPUNIT_ASSERT(eventually([&] { return server.server.connections() == 0; }));
    }

    void aTricklingClientIsTimedOutAllTheSame()
    {
        TestServer server(configFor(milliseconds(300), seconds(60), 1000));
        TestClient client = server.connect();
        (void)client.reply();
        const auto begin = steady_clock::now();
        assertTimedOut(trickle(client));
        CPPUNIT_ASSERT(steady_clock::now() - begin < milliseconds(1500));
        CPPUNIT_ASSERT(eventually([&] { return server.server.connections() == 0; }));
    }

    void eachCommandHasItsOwnTime()
    {
        TestServer server(configFor(milliseconds(1500), seconds(60), 1000));
        TestClient client = server.connect();
        (void)client.reply();
        const auto end = steady_clock::now() + milliseconds(2500);
        while (steady_clock::now() < end)
        {
            CPPUNIT_ASSERT_EQUAL(std::string("250"), client.ask("NOOP").substr(0, 3));
            ::poll(nullptr, 0, 20);
        }
    }

    void silenceInMailDataIsTimedOut()
    {
        TestServer server(configFor(milliseconds(300), seconds(60), 1));
        TestClient client = server.connect();
        client.openData();
        client.send("some\r\n");
        assertTimedOut(client.rest());
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), server.mailbox.messages().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), server.mailbox.drops());
    }

    void tricklingMailDataIsTimedOut()
    {
        TestServer server(configFor(seconds(5), milliseconds(300), 100'000));
        TestClient client = server.connect();
        client.openData();
        assertTimedOut(trickle(client));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), server.mailbox.drops());
    }

    void fastMailDataEarnsItsTime()
    {
        TestServer server(configFor(seconds(5), milliseconds(200), 1000));
        TestClient client = server.connect();
        client.openData();
        const auto end = steady_clock::now() + milliseconds(700);
        while (steady_clock::now() < end)
        {
            client.send(std::string(998, 'x') + "\r\n");
            ::poll(nullptr, 0, 20);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.6.0 taken"), client.ask("."));
    }

    void aClientThatNeverReadsHoldsNoThread()
    {
        TestServer server(configFor(milliseconds(300), seconds(60), 1000));
        TestClient deaf = server.connect();
        deaf.shrinkReceiveBuffer();
        std::string commands;
        for (int i = 0; i < 10'000; ++i)
            commands += "HELP\r\n";
        for (int i = 0; i < 30; ++i)
            deaf.send(commands); // returns when the server has cut the connection
        server.assertServes();
        CPPUNIT_ASSERT(eventually([&] { return server.server.connections() == 0; }));
    }

    /// Sends an octet every 10 ms until something is answered or the connection ends.
    static std::string trickle(TestClient& client)
    {
        while (!client.hasInput(milliseconds(10)))
            client.send("x");
        return client.rest();
    }

    static void assertTimedOut(const std::string& replies)
    {
        CPPUNIT_ASSERT_MESSAGE(replies, replies.find("421 4.4.2 mx.example.com") == 0);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SmtpServerDeadlinesTest);
