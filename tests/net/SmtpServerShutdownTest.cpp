// The way down: nobody is left without a word, nothing that was acknowledged or is nearly done is
// lost, and it ends.
#include "TestServer.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using mpsmtp::net::ServerConfig;
using namespace mpsmtp::net::test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace
{

/// Runs shutDown() beside the test.
class Shutdown
{
public:
    explicit Shutdown(TestServer& server)
        : _thread([this, &server] { _cut = server.server.shutDown(); })
    {
    }

    ~Shutdown() { join(); }

    std::size_t join()
    {
        if (_thread.joinable())
            _thread.join();
        return _cut;
    }

private:
    std::size_t _cut = 0;
    std::thread _thread;
};

ServerConfig configWithGrace(milliseconds grace)
{
    ServerConfig config = testConfig();
    config.shutdownGrace = grace;
    return config;
}

} // namespace

class SmtpServerShutdownTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SmtpServerShutdownTest);
    CPPUNIT_TEST(idleClientsAreToldAtOnce);
    CPPUNIT_TEST(aTransactionInProgressIsDelivered);
    CPPUNIT_TEST(aDeliveryInProgressIsFinished);
    CPPUNIT_TEST(whatIsStuckIsCutAfterTheGrace);
    CPPUNIT_TEST(aHandlerThatHangsDoesNotHoldItUp);
    CPPUNIT_TEST(nobodyIsAcceptedAnyMore);
    CPPUNIT_TEST(itIsIdempotent);
    CPPUNIT_TEST(underLoadEverybodyGetsAnAnswer);
    CPPUNIT_TEST(theDestructorCutsAtOnce);
    CPPUNIT_TEST_SUITE_END();

    void idleClientsAreToldAtOnce()
    {
        TestServer server;
        std::vector<TestClient> clients;
        for (int i = 0; i < 10; ++i)
            CPPUNIT_ASSERT_EQUAL(std::string("220"),
                                 clients.emplace_back(server.address()).reply().substr(0, 3));
        Shutdown shutdown(server);
        for (TestClient& client : clients)
            CPPUNIT_ASSERT_EQUAL(std::string("421 4.3.2 mx.example.com"),
                                 client.rest().substr(0, 24));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), shutdown.join());
    }

    void aTransactionInProgressIsDelivered()
    {
        TestServer server;
        TestClient witness = server.connect();
        TestClient client = server.connect();
        client.openData();
        (void)witness.reply();
        Shutdown shutdown(server);
        CPPUNIT_ASSERT_EQUAL(std::string("421"), witness.rest().substr(0, 3));
        client.send("late\r\n.\r\n");
        const std::string replies = client.rest();
        CPPUNIT_ASSERT_MESSAGE(replies, replies.find("250 2.6.0 taken\r\n421 4.3.2") == 0);
        CPPUNIT_ASSERT_EQUAL(std::string("late\r\n"), server.mailbox.messages().at(0));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), shutdown.join());
    }

    void aDeliveryInProgressIsFinished()
    {
        TestServer server;
        std::atomic<bool> isInside{false};
        server.mailbox.onComplete = [&]
        {
            isInside = true;
            pauseBetweenLooks();
            pauseBetweenLooks();
        };
        TestClient client = server.connect();
        client.openData();
        client.send("x\r\n.\r\n");
        CPPUNIT_ASSERT(eventually([&] { return isInside.load(); }));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), server.server.shutDown());
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.6.0 taken"), client.reply());
        CPPUNIT_ASSERT_EQUAL(std::string("421"), client.reply().substr(0, 3));
    }

    void whatIsStuckIsCutAfterTheGrace()
    {
        TestServer server(configWithGrace(milliseconds(200)));
        TestClient client = server.connect();
        client.openData();
        const auto begin = steady_clock::now();
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), server.server.shutDown());
        CPPUNIT_ASSERT(steady_clock::now() - begin >= milliseconds(200));
        CPPUNIT_ASSERT(steady_clock::now() - begin < milliseconds(1000));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), server.server.connections());
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), server.mailbox.drops());
    }

    void aHandlerThatHangsDoesNotHoldItUp()
    {
        TestServer server(configWithGrace(milliseconds(50)));
        HangingDelivery hanging(server);
        const std::size_t cut = server.server.shutDown();
        const std::size_t left = server.server.connections();
        hanging.release();
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), cut);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), left);
        CPPUNIT_ASSERT(eventually([&] { return server.server.connections() == 0; }));
    }

    void nobodyIsAcceptedAnyMore()
    {
        TestServer server;
        const std::string address = server.address();
        (void)server.server.shutDown();
        CPPUNIT_ASSERT_THROW(TestClient{address}, std::system_error);
    }

    void itIsIdempotent()
    {
        TestServer server;
        TestClient client = server.connect();
        (void)client.reply();
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), server.server.shutDown());
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), server.server.shutDown());
    }

    // Clients come, talk and go while the server stops: each has a whole reply as its last words or
    // cannot connect. Only whom the kernel connects between the last accept and the close gets
    // nothing, which no server can help.
    void underLoadEverybodyGetsAnAnswer()
    {
        TestServer server;
        const std::string address = server.address();
        std::atomic<int> sessions{0};
        std::atomic<int> silences{0};
        const auto load = [&]
        {
            try
            {
                for (bool wasSilent = false;;)
                {
                    TestClient client(address);
                    silences += wasSilent ? 1 : 0; // and the port was open still
                    client.send("EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nQUIT\r\n");
                    const std::string replies = client.rest();
                    wasSilent = replies.empty() || replies == "reset";
                    silences += wasSilent || endsInWords(replies) ? 0 : 1;
                    ++sessions;
                }
            }
            catch (const std::system_error&) // refused: the server is down
            {
            }
        };
        std::vector<std::thread> clients;
        for (int i = 0; i < 4; ++i)
            clients.emplace_back(load);
        const bool isLoaded = eventually([&] { return sessions > 50; });
        const std::size_t cut = server.server.shutDown();
        for (std::thread& client : clients)
            client.join();
        CPPUNIT_ASSERT(isLoaded);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), cut);
        CPPUNIT_ASSERT_EQUAL(0, silences.load());
    }

    void theDestructorCutsAtOnce()
    {
        TestClient client("127.0.0.1:1", TestClient::Later());
        {
            TestServer server;
            client.connect(server.address());
            client.openData();
        }
        CPPUNIT_ASSERT_EQUAL(std::string(), client.rest());
    }

    static bool endsInWords(const std::string& replies)
    {
        return replies.find("\r\n221 ") != std::string::npos || replies.find("421 ") == 0 ||
               replies.find("\r\n421 ") != std::string::npos;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SmtpServerShutdownTest);
