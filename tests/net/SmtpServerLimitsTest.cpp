// Full servers, greedy clients, exhausted descriptors: whoever is turned away is told so, and the
// others are served.
#include "TestServer.h"

#include "net/Endpoint.h"

#include <cppunit/extensions/HelperMacros.h>

#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using mpsmtp::net::Descriptor;
using mpsmtp::net::Endpoint;
using mpsmtp::net::ServerConfig;
using namespace mpsmtp::net::test;

namespace
{

ServerConfig configFor(std::size_t connections, std::size_t perClient)
{
    ServerConfig config = testConfig();
    config.connections = connections;
    config.connectionsPerClient = perClient;
    return config;
}

std::string firstWords(TestClient& client)
{
    return client.reply().substr(0, 9);
}

/// Leaves this process no descriptor to open. What is closed meanwhile can be opened again.
class NoDescriptors
{
public:
    NoDescriptors()
    {
        ::getrlimit(RLIMIT_NOFILE, &_before);
        const Descriptor lowestFree(::dup(STDIN_FILENO));
        const rlimit limit{static_cast<rlim_t>(lowestFree.get()), _before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }

    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &_before); }

private:
    rlimit _before{};
};

} // namespace

class SmtpServerLimitsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SmtpServerLimitsTest);
    CPPUNIT_TEST(aFullServerSaysSoAndServesTheOthers);
    CPPUNIT_TEST(aPlaceThatIsGivenBackIsTakenAgain);
    CPPUNIT_TEST(thereAreNoMoreConnectionsThanThreads);
    CPPUNIT_TEST(aGreedyClientIsTurnedAway);
    CPPUNIT_TEST(everyOneOfManyConnectsIsAnswered);
    CPPUNIT_TEST(allPlacesCanBeTakenAtOnceManyTimes);
    CPPUNIT_TEST(withoutDescriptorsClientsAreTurnedAway);
    CPPUNIT_TEST_SUITE_END();

    void aFullServerSaysSoAndServesTheOthers()
    {
        TestServer server(configFor(2, 0));
        TestClient first = server.connect();
        TestClient second = server.connect();
        CPPUNIT_ASSERT_EQUAL(std::string("220 mx.ex"), firstWords(first));
        CPPUNIT_ASSERT_EQUAL(std::string("220 mx.ex"), firstWords(second));
        TestClient third = server.connect();
        const std::string refusal = third.rest();
        CPPUNIT_ASSERT_EQUAL(std::string("421 4.3.2 mx.example.com"), refusal.substr(0, 24));
        CPPUNIT_ASSERT_EQUAL(std::string("\r\n"), refusal.substr(refusal.size() - 2));
        CPPUNIT_ASSERT_EQUAL(std::string("250"), first.ask("NOOP").substr(0, 3));
        CPPUNIT_ASSERT_EQUAL(std::string("250"), second.ask("NOOP").substr(0, 3));
    }

    void aPlaceThatIsGivenBackIsTakenAgain()
    {
        TestServer server(configFor(1, 1));
        for (int i = 0; i < 50; ++i)
        {
            server.assertServes();
            CPPUNIT_ASSERT(eventually([&] { return server.server.connections() == 0; }));
        }
    }

    void thereAreNoMoreConnectionsThanThreads()
    {
        ServerConfig config = configFor(10, 0);
        config.threads = 1;
        TestServer server(config);
        TestClient first = server.connect();
        CPPUNIT_ASSERT_EQUAL(std::string("220 mx.ex"), firstWords(first));
        TestClient second = server.connect();
        CPPUNIT_ASSERT_EQUAL(std::string("421 4.3.2"), firstWords(second));
    }

    void aGreedyClientIsTurnedAway()
    {
        TestServer server(configFor(20, 2));
        std::vector<TestClient> clients;
        for (int i = 0; i < 2; ++i)
            CPPUNIT_ASSERT_EQUAL(std::string("220 mx.ex"),
                                 firstWords(clients.emplace_back(server.address())));
        TestClient greedy = server.connect();
        CPPUNIT_ASSERT_EQUAL(std::string("421 4.7.0"), firstWords(greedy));
        clients.clear();
        CPPUNIT_ASSERT(eventually([&] { return server.server.connections() == 0; }));
        server.assertServes();
    }

    void everyOneOfManyConnectsIsAnswered()
    {
        TestServer server(configFor(20, 0));
        std::vector<TestClient> clients;
        for (int i = 0; i < 800; ++i)
            clients.emplace_back(server.address());
        int greeted = 0;
        for (TestClient& client : clients)
        {
            const std::string words = firstWords(client);
            CPPUNIT_ASSERT_MESSAGE(words, words == "220 mx.ex" || words == "421 4.3.2");
            greeted += words == "220 mx.ex" ? 1 : 0;
        }
        CPPUNIT_ASSERT(greeted >= 20);
        clients.clear();
        CPPUNIT_ASSERT(eventually([&] { return server.server.connections() == 0; }));
        server.assertServes();
    }

    // POCO 1.11 leaves a connection without a thread when the pool looks exhausted for a moment.
    void allPlacesCanBeTakenAtOnceManyTimes()
    {
        TestServer server(configFor(20, 0));
        for (int round = 0; round < 30; ++round)
        {
            std::vector<TestClient> clients;
            for (int i = 0; i < 20; ++i)
                clients.emplace_back(server.address());
            for (TestClient& client : clients)
                CPPUNIT_ASSERT_EQUAL(std::string("220 mx.ex"), firstWords(client));
            clients.clear();
            CPPUNIT_ASSERT(eventually([&] { return server.server.connections() == 0; }));
        }
    }

    void withoutDescriptorsClientsAreTurnedAway()
    {
        TestServer server(configFor(20, 0));
        TestClient before = server.connect();
        CPPUNIT_ASSERT_EQUAL(std::string("220 mx.ex"), firstWords(before));
        std::vector<TestClient> later;
        for (int i = 0; i < 10; ++i)
            later.emplace_back(server.address(), TestClient::Later());
        {
            const NoDescriptors none;
            for (TestClient& client : later)
            {
                client.connect();
                CPPUNIT_ASSERT_EQUAL(std::string("421 4.3.2"), firstWords(client));
            }
            CPPUNIT_ASSERT_EQUAL(std::string("250"), before.ask("NOOP").substr(0, 3));
        }
        server.assertServes();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SmtpServerLimitsTest);
