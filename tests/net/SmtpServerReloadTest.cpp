// Another configuration while clients connect: who is there ends as they began, who comes gets the
// new one, and nobody is turned away for it.
#include "TestServer.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <sys/stat.h>

using namespace mpsmtp::net;
using namespace mpsmtp::net::test;

namespace
{

const std::string secondHost = "mx2.example.com";

ServerConfig secondConfig()
{
    ServerConfig config = testConfig();
    config.hostname = secondHost;
    return config;
}

/// Sinks of `mailbox` by a factory that tells how many of them were left when it was destroyed.
SinkFactory watchedSinks(Mailbox& mailbox, std::atomic<int>& sinksLeft)
{
    const std::shared_ptr<void> end(
        nullptr, [&mailbox, &sinksLeft](void*) { sinksLeft = mailbox.sinks.load(); });
    return [end, inner = sinkFactoryOf(mailbox)] { return inner(); };
}

constexpr int notDestroyed = -1;

std::string joined(const std::vector<std::string>& texts)
{
    std::string all;
    for (const std::string& text : texts)
        all += text + ' ';
    return all;
}

bool isRefused(const std::string& address)
{
    try
    {
        TestClient client(address);
        return false;
    }
    catch (const std::system_error&)
    {
        return true;
    }
}

std::string hostIn(const std::string& greeting)
{
    return greeting.substr(4, greeting.find(' ', 4) - 4);
}

} // namespace

class SmtpServerReloadTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SmtpServerReloadTest);
    CPPUNIT_TEST(newConnectionsGetTheNewConfiguration);
    CPPUNIT_TEST(anOpenSessionEndsAsItBegan);
    CPPUNIT_TEST(connectionsInALoopAreNeverRefused);
    CPPUNIT_TEST(newAddressesAreServedAndOldOnesClosed);
    CPPUNIT_TEST(sessionsOfAClosedAddressGoOn);
    CPPUNIT_TEST(anAddressThatCannotBeBoundChangesNothing);
    CPPUNIT_TEST(anAddressThatIsInTheServersOwnWayIsNamed);
    CPPUNIT_TEST(listenerOptionsAreThoseOfTheMomentOfConnecting);
    CPPUNIT_TEST(aListenerMayTakeAnAddressFromAnother);
    CPPUNIT_TEST(aUnixSocketKeepsItsFile);
    CPPUNIT_TEST(aUnixSocketWhoseFileIsGoneIsMadeAnew);
    CPPUNIT_TEST(limitsGrowAndShrink);
    CPPUNIT_TEST(sinksAreGoneBeforeTheirFactory);
    CPPUNIT_TEST(aHundredTimesLeavesNothingBehind);
    CPPUNIT_TEST_SUITE_END();

    void newConnectionsGetTheNewConfiguration()
    {
        TestServer server;
        CPPUNIT_ASSERT_EQUAL(std::string("mx.example.com"), hostIn(server.connect().reply()));
        const std::string address = server.address();
        reload(server, secondConfig());
        CPPUNIT_ASSERT_EQUAL(address, server.address());
        CPPUNIT_ASSERT_EQUAL(secondHost, hostIn(server.connect().reply()));
        server.assertServes();
    }

    void anOpenSessionEndsAsItBegan()
    {
        TestServer server;
        TestClient client = server.connect();
        client.openData();
        Mailbox second;
        server.server.reload(secondConfig(), sinkFactoryOf(second));
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.6.0 taken"), client.ask("x\r\n."));
        CPPUNIT_ASSERT_EQUAL(std::string("250"), client.ask("MAIL FROM:<a@b.c>").substr(0, 3));
        CPPUNIT_ASSERT_EQUAL(std::string("mx.example.com"),
                             hostIn("220 " + client.ask("QUIT").substr(10)));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), server.mailbox.messages().size());
        CPPUNIT_ASSERT(second.messages().empty());
    }

    void connectionsInALoopAreNeverRefused()
    {
        ServerConfig first = testConfig();
        first.threads = first.connections = 200; // closed ones may be counted for a moment
        TestServer server(first);
        const std::string address = server.address();
        std::atomic<bool> isOver{false};
        std::atomic<int> served{0};
        std::atomic<int> failed{0};
        const auto connectInALoop = [&]
        {
            while (!isOver)
                ++(isRefusedOrCut(address) ? failed : served);
        };
        std::vector<std::thread> clients;
        for (int i = 0; i < 4; ++i)
            clients.emplace_back(connectInALoop);
        ServerConfig second = first;
        second.hostname = secondHost;
        second.listeners.push_back({"more", {"127.0.0.1:0"}, {}});
        for (int i = 0; i < 50; ++i)
        {
            reload(server, i % 2 == 0 ? second : first);
            const int before = served;
            CPPUNIT_ASSERT(eventually([&] { return served > before || failed > 0; }));
        }
        isOver = true;
        for (std::thread& client : clients)
            client.join();
        CPPUNIT_ASSERT_EQUAL(0, failed.load());
        CPPUNIT_ASSERT(served >= 50);
    }

    void newAddressesAreServedAndOldOnesClosed()
    {
        TestServer server;
        const std::string kept = server.address();
        ServerConfig config = testConfig();
        config.listeners.push_back({"second", {"127.0.0.1:0"}, {}});
        reload(server, config);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), server.server.addresses().size());
        CPPUNIT_ASSERT_EQUAL(kept, server.server.addresses().front());
        const std::string added = server.server.addresses().back();
        CPPUNIT_ASSERT_EQUAL(std::string("220"), TestClient(added).reply().substr(0, 3));

        config.listeners.front().addresses = {added}; // the port that was chosen, by its number
        config.listeners.pop_back();
        reload(server, config);
        CPPUNIT_ASSERT_EQUAL(added + ' ', joined(server.server.addresses()));
        CPPUNIT_ASSERT(isRefused(kept));
        server.assertServes();
    }

    void sessionsOfAClosedAddressGoOn()
    {
        TestServer server;
        TestClient client = server.connect();
        client.openData();
        ServerConfig config = testConfig();
        config.listeners.front().addresses = {"[::1]:0"};
        reload(server, config);
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.6.0 taken"), client.ask("x\r\n."));
        CPPUNIT_ASSERT_EQUAL(std::string("250"), client.ask("MAIL FROM:<a@b.c>").substr(0, 3));
        CPPUNIT_ASSERT_EQUAL(std::string("221"), client.ask("QUIT").substr(0, 3));
    }

    void anAddressThatCannotBeBoundChangesNothing()
    {
        TestServer server;
        TestServer other;
        ServerConfig config = secondConfig();
        config.listeners.front().addresses = {"[::1]:0", other.address()};
        const auto before = joined(server.server.addresses());
        CPPUNIT_ASSERT_THROW(reload(server, config), std::system_error);
        CPPUNIT_ASSERT_EQUAL(before, joined(server.server.addresses()));
        CPPUNIT_ASSERT_EQUAL(std::string("mx.example.com"), hostIn(server.connect().reply()));
        server.assertServes();
        other.assertServes();
    }

    void anAddressThatIsInTheServersOwnWayIsNamed()
    {
        TestServer server;
        const std::string address = server.address();
        ServerConfig config = testConfig();
        config.listeners.front().addresses = {"*" + address.substr(address.rfind(':'))};
        try
        {
            reload(server, config);
            CPPUNIT_FAIL("bound");
        }
        catch (const std::system_error& error)
        {
            const std::string text = error.what();
            CPPUNIT_ASSERT_MESSAGE(
                text, text.find("itself listens on " + address + "; restart it") != text.npos);
        }
        server.assertServes();
    }

    void listenerOptionsAreThoseOfTheMomentOfConnecting()
    {
        TestServer server;
        TestClient before = server.connect();
        (void)before.reply();
        ServerConfig config = testConfig();
        config.listeners.front().session.strictAddresses = true;
        reload(server, config);
        TestClient after = server.connect();
        (void)after.reply();
        for (TestClient* client : {&before, &after})
            (void)client->ask("HELO me");
        CPPUNIT_ASSERT_EQUAL(std::string("250"), before.ask("MAIL FROM: a@b.c").substr(0, 3));
        CPPUNIT_ASSERT_EQUAL(std::string("501"), after.ask("MAIL FROM: a@b.c").substr(0, 3));
    }

    void aListenerMayTakeAnAddressFromAnother()
    {
        TestServer server;
        ServerConfig config = testConfig();
        config.listeners = {{"second", {server.address()}, {}}, {"main", {"127.0.0.1:0"}, {}}};
        config.listeners.front().session.strictAddresses = true;
        const std::string address = server.address();
        reload(server, config);
        CPPUNIT_ASSERT_EQUAL(address, server.address());
        TestClient client = server.connect();
        (void)client.reply();
        (void)client.ask("HELO me");
        CPPUNIT_ASSERT_EQUAL(std::string("501"), client.ask("MAIL FROM: a@b.c").substr(0, 3));
    }

    void aUnixSocketKeepsItsFile()
    {
        const TemporaryFolder folder;
        const std::string path = folder.path / "s";
        TestServer server(unixConfig(path));
        const auto inode = inodeOf(path);
        reload(server, unixConfig(path));
        CPPUNIT_ASSERT_EQUAL(inode, inodeOf(path));
        server.assertServes();
        reload(server, testConfig());
        CPPUNIT_ASSERT(!std::filesystem::exists(path));
        reload(server, unixConfig(path));
        server.assertServes();
    }

    void aUnixSocketWhoseFileIsGoneIsMadeAnew()
    {
        const TemporaryFolder folder;
        const std::string path = folder.path / "s";
        TestServer server(unixConfig(path));
        std::filesystem::remove(path);
        reload(server, unixConfig(path));
        server.assertServes();
    }

    void limitsGrowAndShrink()
    {
        ServerConfig config = testConfig();
        config.threads = config.connections = 1;
        TestServer server(config);
        TestClient first = server.connect();
        (void)first.reply();
        CPPUNIT_ASSERT_EQUAL(std::string("421"), server.connect().reply().substr(0, 3));
        config.hostname = secondHost;
        config.threads = config.connections = 60; // more than the pool had room for
        reload(server, config);
        std::vector<TestClient> clients;
        for (int i = 1; i < 60; ++i)
            CPPUNIT_ASSERT_EQUAL(std::string("220"),
                                 clients.emplace_back(server.address()).reply().substr(0, 3));
        CPPUNIT_ASSERT_EQUAL("421 4.3.2 " + secondHost,
                             server.connect().reply().substr(0, 10 + secondHost.size()));
        config.connections = 5;
        reload(server, config);
        clients.clear();
        CPPUNIT_ASSERT(eventually([&] { return server.server.connections() == 1; }));
        for (int i = 1; i < 5; ++i)
            CPPUNIT_ASSERT_EQUAL(std::string("220"),
                                 clients.emplace_back(server.address()).reply().substr(0, 3));
        CPPUNIT_ASSERT_EQUAL(std::string("421"), server.connect().reply().substr(0, 3));
        CPPUNIT_ASSERT_EQUAL(std::string("250"), first.ask("HELO me").substr(0, 3));
    }

    void sinksAreGoneBeforeTheirFactory()
    {
        Mailbox mailbox;
        std::atomic<int> leftOfFirst{notDestroyed};
        std::atomic<int> leftOfSecond{notDestroyed};
        SocketStock stock;
        SmtpServer server(testConfig(), watchedSinks(mailbox, leftOfFirst), stock);
        server.start();
        TestClient client(server.addresses().front());
        client.openTransaction();
        server.reload(secondConfig(), watchedSinks(mailbox, leftOfSecond));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("a session is open", notDestroyed, leftOfFirst.load());
        CPPUNIT_ASSERT_EQUAL(std::string("221"), client.ask("QUIT").substr(0, 3));
        CPPUNIT_ASSERT(eventually([&] { return leftOfFirst != notDestroyed; }));
        CPPUNIT_ASSERT_EQUAL(0, leftOfFirst.load());
        CPPUNIT_ASSERT_EQUAL(notDestroyed, leftOfSecond.load());
    }

    void aHundredTimesLeavesNothingBehind()
    {
        TestServer server;
        server.assertServes();
        ServerConfig config = secondConfig();
        config.listeners.push_back({"second", {"127.0.0.1:0"}, {}});
        reload(server, testConfig());
        const auto descriptors = openDescriptors();
        const auto threads = runningThreads();
        for (int i = 0; i < 100; ++i)
            reload(server, i % 2 == 0 ? config : testConfig());
        CPPUNIT_ASSERT_EQUAL(descriptors, openDescriptors());
        // Fewer if the pool has let idle ones go.
        CPPUNIT_ASSERT(eventually([&] { return runningThreads() <= threads; }));
        server.assertServes();
    }

    static void reload(TestServer& server, const ServerConfig& config)
    {
        server.server.reload(config, sinkFactoryOf(server.mailbox));
    }

    static ServerConfig unixConfig(const std::string& path)
    {
        ServerConfig config = testConfig();
        config.listeners.front().addresses = {"unix:" + path};
        return config;
    }

    static ino_t inodeOf(const std::string& path)
    {
        struct stat status = {};
        CPPUNIT_ASSERT_EQUAL(0, ::lstat(path.c_str(), &status));
        return status.st_ino;
    }

    static bool isRefusedOrCut(const std::string& address)
    {
        try
        {
            TestClient client(address);
            return client.reply().substr(0, 3) != "220" ||
                   client.ask("QUIT").substr(0, 3) != "221" || !client.rest().empty();
        }
        catch (const std::system_error&)
        {
            return true;
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SmtpServerReloadTest);
