// Sockets that outlive the server: who comes while one server follows another is served, by the one or the other.
#include "Inheritance.h"
#include "TestServer.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace mpsmtp::net;
using namespace mpsmtp::net::test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace
{

/// One process after the other, all in this one.
class Life
{
public:
    explicit Life(const Descriptor& socket, milliseconds grace = milliseconds(30'000))
        : _stock(handOver({socket.get()}, "smtp")),
          _server(std::make_unique<SmtpServer>(config(grace), sinkFactoryOf(mailbox), _stock))
    {
        _server->start();
    }

    static ServerConfig config(milliseconds grace, const std::string& address = "systemd:smtp")
    {
        ServerConfig config = testConfig();
        config.listeners.front().addresses = {address};
        config.shutdownGrace = grace;
        return config;
    }

    [[nodiscard]] std::string address() const { return _server->addresses().front(); }

    [[nodiscard]] SmtpServer& server() { return *_server; }

    Mailbox mailbox;

private:
    SocketStock _stock;
    std::unique_ptr<SmtpServer> _server;
};

void assertBegins(const std::string& beginning, const std::string& text)
{
    CPPUNIT_ASSERT_EQUAL(beginning, text.substr(0, beginning.size()));
}

} // namespace

class SmtpServerInheritedTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SmtpServerInheritedTest);
    CPPUNIT_TEST(whoComesBetweenTwoServersIsGreetedByTheSecond);
    CPPUNIT_TEST(whoHasJustComeMayHaveATransaction);
    CPPUNIT_TEST(whoHasJustComeAndIsSilentIsToldBeforeTheGraceIsOver);
    CPPUNIT_TEST(whoHasHadATransactionIsToldAtOnce);
    CPPUNIT_TEST(aReloadKeepsTheSocketAndCanLetGoOfItForAWhile);
    CPPUNIT_TEST(itsAddressCannotBeBoundBeside);
    CPPUNIT_TEST(aNameThatIsMissingAtAReloadChangesNothing);
    CPPUNIT_TEST(underLoadServersFollowEachOtherAndNobodyIsRefused);
    CPPUNIT_TEST_SUITE_END();

    const Descriptor _socket = managersSocket();

    void whoComesBetweenTwoServersIsGreetedByTheSecond()
    {
        auto first = std::make_unique<Life>(_socket);
        const std::string address = first->address();
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), first->server().shutDown());
        TestClient client(address);
        first.reset();
        CPPUNIT_ASSERT(!client.hasInput(milliseconds(50)));
        const Life second(_socket);
        assertBegins("220 ", client.reply());
    }

    void whoHasJustComeMayHaveATransaction()
    {
        Life life(_socket);
        TestClient client(life.address());
        assertBegins("220 ", client.reply());
        std::thread stop([&] { (void)life.server().shutDown(); });
        CPPUNIT_ASSERT(!client.hasInput(milliseconds(300))); // longer than the reaper's interval
        client.send("EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
        client.send("late\r\n.\r\n");
        const std::string replies = client.rest();
        stop.join();
        CPPUNIT_ASSERT_MESSAGE(replies,
                               replies.find("250 2.6.0 taken\r\n421 4.3.2") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), life.mailbox.messages().size());
    }

    void whoHasJustComeAndIsSilentIsToldBeforeTheGraceIsOver()
    {
        Life life(_socket, milliseconds(1000));
        TestClient client(life.address());
        assertBegins("220 ", client.reply());
        const auto begin = steady_clock::now();
        CPPUNIT_ASSERT_EQUAL_MESSAGE("cut", std::size_t(0), life.server().shutDown());
        CPPUNIT_ASSERT(steady_clock::now() - begin >= milliseconds(200));
        assertBegins("421 4.3.2", client.rest());
    }

    void whoHasHadATransactionIsToldAtOnce()
    {
        Life life(_socket);
        TestClient client(life.address());
        client.openData();
        client.send("x\r\n.\r\n");
        assertBegins("250", client.reply());
        const auto begin = steady_clock::now();
        (void)life.server().shutDown();
        CPPUNIT_ASSERT(steady_clock::now() - begin < milliseconds(2000));
        assertBegins("421 4.3.2", client.rest());
    }

    void aReloadKeepsTheSocketAndCanLetGoOfItForAWhile()
    {
        Life life(_socket);
        const std::string address = life.address();
        TestClient before(address);
        assertBegins("220 ", before.reply());
        life.server().reload(Life::config(milliseconds(1000)), sinkFactoryOf(life.mailbox));
        assertBegins("220 ", TestClient(address).reply());
        life.server().reload(Life::config(milliseconds(1000), "127.0.0.1:0"),
                             sinkFactoryOf(life.mailbox));
        TestClient meanwhile(address);
        CPPUNIT_ASSERT(!meanwhile.hasInput(milliseconds(50)));
        life.server().reload(Life::config(milliseconds(1000)), sinkFactoryOf(life.mailbox));
        assertBegins("220 ", meanwhile.reply());
        assertBegins("250", before.ask("NOOP\r\n"));
    }

    void itsAddressCannotBeBoundBeside()
    {
        Life life(_socket);
        try
        {
            life.server().reload(Life::config(milliseconds(1000), life.address()),
                                 sinkFactoryOf(life.mailbox));
            CPPUNIT_FAIL("it could be bound");
        }
        catch (const std::system_error& error)
        {
            const std::string text = error.what();
            CPPUNIT_ASSERT_MESSAGE(text, text.find("write systemd:smtp") != std::string::npos);
        }
        assertBegins("220 ", TestClient(life.address()).reply());
    }

    void aNameThatIsMissingAtAReloadChangesNothing()
    {
        Life life(_socket);
        CPPUNIT_ASSERT_THROW(life.server().reload(Life::config(milliseconds(1000), "systemd:lan"),
                                                  sinkFactoryOf(life.mailbox)),
                             std::system_error);
        assertBegins("220 ", TestClient(life.address()).reply());
    }

    // Every client is greeted with 220 and has its mail taken, whichever server it meets.
    void underLoadServersFollowEachOtherAndNobodyIsRefused()
    {
        constexpr int lives = 10;
        constexpr int perLife = 20;
        std::atomic<bool> isOver{false};
        std::atomic<int> taken{0};
        std::atomic<int> refused{0};
        std::string address;
        std::size_t stored = 0;
        std::vector<std::thread> clients;
        const auto load = [&]
        {
            while (!isOver)
            {
                TestClient client(address);
                client.send("EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
                client.send("x\r\n.\r\nQUIT\r\n");
                const std::string replies = client.rest();
                const bool isTaken = replies.find("250 2.6.0 taken") != std::string::npos;
                (isTaken ? taken : refused) += 1;
            }
        };
        for (int i = 0; i < lives; ++i)
        {
            Life life(_socket);
            if (clients.empty())
            {
                address = life.address();
                for (int k = 0; k < 4; ++k)
                    clients.emplace_back(load);
            }
            const int before = taken;
            const bool isLoaded = eventually([&] { return taken > before + perLife; });
            isOver = isOver || i + 1 == lives || !isLoaded;
            if (isOver) // the last one serves until nobody is left
                for (std::thread& client : clients)
                    client.join();
            CPPUNIT_ASSERT_EQUAL(std::size_t(0), life.server().shutDown());
            stored += life.mailbox.messages().size();
            if (isOver)
                break;
        }
        CPPUNIT_ASSERT_EQUAL(0, refused.load());
        CPPUNIT_ASSERT_EQUAL(static_cast<std::size_t>(taken.load()), stored);
        CPPUNIT_ASSERT(taken > lives * perLife);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SmtpServerInheritedTest);
