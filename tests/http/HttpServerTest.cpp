// Who gets a thread of the HTTP side, who loses a place, and what its end does to those who wait for an answer.
#include "http/HttpServer.h"
#include "net/Descriptor.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace mpsmtp::http;
using mpsmtp::metrics::Format;
using mpsmtp::net::Descriptor;

namespace
{

constexpr int deadline = 60'000; // ms; a failure, not a measure
constexpr std::string_view request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";

class Client
{
public:
    explicit Client(const std::string& path) : _socket(::socket(AF_UNIX, SOCK_STREAM, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        _isIn =
            ::connect(_socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0;
    }

    [[nodiscard]] bool isIn() const noexcept { return _isIn; }

    Client& send(std::string_view octets)
    {
        (void)::send(_socket.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
        return *this;
    }

    Client& endOfInput()
    {
        ::shutdown(_socket.get(), SHUT_WR);
        return *this;
    }

    /// All until the server closes.
    [[nodiscard]] std::string answer()
    {
        std::string all;
        for (;;)
        {
            pollfd readable{_socket.get(), POLLIN, 0};
            CPPUNIT_ASSERT_MESSAGE("neither answered nor closed",
                                   ::poll(&readable, 1, deadline) == 1);
            std::array<char, 4096> octets{};
            const ssize_t count = ::recv(_socket.get(), octets.data(), octets.size(), 0);
            if (count <= 0)
                return all;
            all.append(octets.data(), static_cast<std::size_t>(count));
        }
    }

    /// The code of the answer; "" if there is none.
    [[nodiscard]] std::string status()
    {
        const std::string text = answer();
        return text.size() < 12 ? "" : text.substr(9, 3);
    }

    /// The server has neither answered nor closed.
    [[nodiscard]] bool waits() const noexcept
    {
        pollfd readable{_socket.get(), POLLIN, 0};
        return ::poll(&readable, 1, 0) == 0;
    }

private:
    const Descriptor _socket;
    bool _isIn = false;
};

} // namespace

class HttpServerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(HttpServerTest);
    CPPUNIT_TEST(whoIsSilentTakesNoThread);
    CPPUNIT_TEST(whoAsksOctetByOctetTakesNoThread);
    CPPUNIT_TEST(oneTooManyEndsTheOldest);
    CPPUNIT_TEST(aCrowdOfSilentClientsGoesByAndWhoAsksBehindItIsAnswered);
    CPPUNIT_TEST(whoIsSilentForTooLongGoes);
    CPPUNIT_TEST(whatIsNoRequestIsAnsweredWithoutAThread);
    CPPUNIT_TEST(theVersionOfAnAnswerIsOurs);
    CPPUNIT_TEST(whoHasSentAllMayEndItsSide);
    CPPUNIT_TEST(whoAsksAtTheSameTimeIsAnsweredInTurn);
    CPPUNIT_TEST(whoDoesNotReadMakesRoom);
    CPPUNIT_TEST(whoHasItsAnswerAndStaysMakesRoomAtOnce);
    CPPUNIT_TEST(eachOfManyAddressesAnswers);
    CPPUNIT_TEST(addressesShareThePlacesOfThoseWhoAreSilent);
    CPPUNIT_TEST(theSharesChangeWithTheAddresses);
    CPPUNIT_TEST(anAddressThatItsOwnOtherOneTakesSaysSo);
    CPPUNIT_TEST(anAnswerThatIsAwaitedAtTheStopIsWhole);
    CPPUNIT_TEST(aClientThatReadsNothingDoesNotHoldUpTheStop);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _folder = "/tmp/mpsmtp-http-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(_folder.data()) != nullptr);
    }

    void tearDown() override { ::rmdir(_folder.c_str()); }

    void whoIsSilentTakesNoThread()
    {
        const auto server = serve(oneThread());
        std::deque<Client> silent;
        for (int i = 0; i < 20; ++i)
            silent.emplace_back(path(0));
        for (int i = 0; i < 20; ++i)
            CPPUNIT_ASSERT_EQUAL(std::string("200"), Client(path(0)).send(request).status());
        for (const Client& each : silent)
            CPPUNIT_ASSERT_MESSAGE("it still has its place", each.waits());
        CPPUNIT_ASSERT_EQUAL(std::string("200"), silent.front().send(request).status());
    }

    void whoAsksOctetByOctetTakesNoThread()
    {
        const auto server = serve(oneThread());
        std::deque<Client> slow;
        for (int i = 0; i < 20; ++i)
            slow.emplace_back(path(0));
        for (const char octet : request.substr(0, request.size() - 1))
        {
            for (Client& each : slow)
                each.send({&octet, 1});
            CPPUNIT_ASSERT_EQUAL(std::string("200"), Client(path(0)).send(request).status());
        }
        for (Client& each : slow)
            CPPUNIT_ASSERT_MESSAGE("it still has its place", each.waits());
        for (Client& each : slow)
            CPPUNIT_ASSERT_EQUAL(std::string("200"), each.send("\n").status());
    }

    void oneTooManyEndsTheOldest()
    {
        Limits limits = oneThread();
        limits.lobby = 3;
        const auto server = serve(limits);
        std::deque<Client> silent;
        for (int i = 0; i < 3; ++i)
            silent.emplace_back(path(0));
        CPPUNIT_ASSERT_EQUAL(std::string("200"), Client(path(0)).send(request).status());
        CPPUNIT_ASSERT_EQUAL(std::string(), silent[0].answer());
        CPPUNIT_ASSERT(silent[1].waits());
        CPPUNIT_ASSERT_EQUAL(std::string("200"), silent[2].send(request).status());
    }

    void aCrowdOfSilentClientsGoesByAndWhoAsksBehindItIsAnswered()
    {
        Limits limits = oneThread();
        limits.lobby = 8;
        const auto server = serve(limits);
        std::deque<Client> crowd;
        for (int i = 0; i < 200; ++i)
            CPPUNIT_ASSERT(crowd.emplace_back(path(0)).isIn());
        CPPUNIT_ASSERT_EQUAL(std::string("200"), Client(path(0)).send(request).status());
        for (std::size_t i = 0; i < crowd.size() - limits.lobby; ++i)
            CPPUNIT_ASSERT_EQUAL(std::string(), crowd[i].answer());
    }

    void whoIsSilentForTooLongGoes()
    {
        Limits limits = oneThread();
        limits.connection = std::chrono::milliseconds(50);
        const auto server = serve(limits);
        for (const std::string_view begin : {"", "GET /metrics HTTP/1.1\r\n"})
            CPPUNIT_ASSERT_EQUAL(std::string(), Client(path(0)).send(begin).answer());
    }

    void whatIsNoRequestIsAnsweredWithoutAThread()
    {
        const auto server = serve(oneThread());
        const std::string large(100'000, 'x');

        struct Row
        {
            const char* why;
            std::string octets;
            std::string status;
        };

        const Row rows[] = {{"TLS", "\x16\x03\x01\x02", "400"},
                            {"noise", std::string(100, '\0'), "400"},
                            {"no version", "GET / \n\n", "400"},
                            {"a version of its own", "GET / H\n\n", "400"},
                            {"HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\n", "505"},
                            {"half a request, and no more will come", "GET /met", "400"},
                            {"a line without end", large, "414"},
                            {"fields without end", "GET / HTTP/1.1\r\nX: " + large, "431"},
                            {"nothing at all", "", ""}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.status, Client(path(0)).send(row.octets).endOfInput().status());
    }

    /// RFC 9110 2.5: never a version that we do not speak.
    void theVersionOfAnAnswerIsOurs()
    {
        const auto server = serve(oneThread());
        const std::pair<std::string, std::string> rows[] = {
            {"HTTP/1.0\r\n\r\n", "HTTP/1.0 200"},
            {"HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200"},
            {"HTTP/1.9\r\nHost: x\r\n\r\n", "HTTP/1.1 200"},
            {"HTTP/1.9\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", "HTTP/1.1 100"}};
        for (const auto& [rest, begin] : rows)
        {
            const std::string text = Client(path(0)).send("GET /livez " + rest).answer();
            CPPUNIT_ASSERT_EQUAL(begin, text.substr(0, begin.size()));
        }
    }

    void whoHasSentAllMayEndItsSide()
    {
        const auto server = serve(oneThread());
        CPPUNIT_ASSERT_EQUAL(std::string("200"),
                             Client(path(0)).send(request).endOfInput().status());
        CPPUNIT_ASSERT_EQUAL(std::string("200"),
                             Client(path(0)).send(request).send(request).status());
    }

    void whoAsksAtTheSameTimeIsAnsweredInTurn()
    {
        Limits limits = oneThread();
        limits.leastVisit = std::chrono::milliseconds(deadline);
        const auto server = serve(limits);
        std::deque<Client> clients;
        for (int i = 0; i < 10; ++i)
            clients.emplace_back(path(0)).send(request);
        for (Client& each : clients)
            CPPUNIT_ASSERT_EQUAL(std::string("200"), each.status());
    }

    void whoDoesNotReadMakesRoom()
    {
        Limits limits = oneThread();
        limits.leastVisit = std::chrono::milliseconds(10);
        std::atomic<bool> isLong{true};
        const auto server =
            serve(limits, 1, [&] { return std::string(isLong ? 10 << 20 : 10, 'x'); });
        Client unread(path(0));
        unread.send(request);
        while (unread.waits())
            std::this_thread::yield();
        isLong = false;
        CPPUNIT_ASSERT_EQUAL(std::string("200"), Client(path(0)).send(request).status());
    }

    void whoHasItsAnswerAndStaysMakesRoomAtOnce()
    {
        Limits limits = oneThread();
        limits.leastVisit = std::chrono::milliseconds(deadline);
        const auto server = serve(limits);
        std::deque<Client> staying;
        for (int i = 0; i < 50; ++i)
            CPPUNIT_ASSERT_EQUAL(std::string("200"),
                                 staying.emplace_back(path(0)).send(request).status());
    }

    void eachOfManyAddressesAnswers()
    {
        const auto server = serve(oneThread(), 30);
        for (int round = 0; round < 2; ++round)
            for (int i = 0; i < 30; ++i)
                CPPUNIT_ASSERT_EQUAL(std::string("200"), Client(path(i)).send(request).status());
    }

    /// So many descriptors they may take from mail, and not so many at each address.
    void addressesShareThePlacesOfThoseWhoAreSilent()
    {
        Limits limits = oneThread();
        limits.lobby = 4;
        const auto server = serve(limits, 2);
        for (int address = 0; address < 2; ++address)
        {
            std::deque<Client> silent;
            for (int i = 0; i < 3; ++i)
                silent.emplace_back(path(address));
            CPPUNIT_ASSERT_EQUAL(std::string("200"), Client(path(address)).send(request).status());
            CPPUNIT_ASSERT(!silent[0].waits());
            CPPUNIT_ASSERT(!silent[1].waits());
            CPPUNIT_ASSERT(silent[2].waits());
        }
    }

    void theSharesChangeWithTheAddresses()
    {
        Limits limits = oneThread();
        limits.lobby = 4;
        const auto server = serve(limits, 2);
        server->take(server->prepare({"unix:" + path(0)}));
        std::deque<Client> silent;
        for (int i = 0; i < 3; ++i)
            silent.emplace_back(path(0));
        CPPUNIT_ASSERT_EQUAL(std::string("200"), Client(path(0)).send(request).status());
        CPPUNIT_ASSERT_MESSAGE("a place for each", silent[0].waits());
        server->take(server->prepare({"unix:" + path(0), "unix:" + path(1)}));
        CPPUNIT_ASSERT_EQUAL(std::string("200"), Client(path(0)).send(request).status());
        CPPUNIT_ASSERT(!silent[0].waits());
        CPPUNIT_ASSERT(!silent[1].waits());
        CPPUNIT_ASSERT(silent[2].waits());
    }

    void anAddressThatItsOwnOtherOneTakesSaysSo()
    {
        HttpServer server(
            {[](Format) { return "figures"; }, [] { return Reasons(); }, [] { return Reasons(); }},
            oneThread());
        server.take(server.prepare({"127.0.0.1:0"}));
        const std::string own = server.addresses().front();
        try
        {
            (void)server.prepare({"*" + own.substr(own.rfind(':'))});
            CPPUNIT_FAIL("two sockets on one port");
        }
        catch (const std::system_error& error)
        {
            const std::string text = error.what();
            CPPUNIT_ASSERT_MESSAGE(text,
                                   text.find("this server itself listens on " + own) != text.npos);
        }
    }

    void anAnswerThatIsAwaitedAtTheStopIsWhole()
    {
        Limits limits;
        limits.grace = std::chrono::milliseconds(deadline);
        std::atomic<bool> isAsked{false};
        // The page is made while the server stops, and is done when nobody can come any more.
        const auto server = serve(limits,
                                  1,
                                  [&]
                                  {
                                      isAsked = true;
                                      while (Client(path(0)).isIn())
                                          std::this_thread::yield();
                                      return std::string(1 << 20, 'x') + "end";
                                  });
        Client client(path(0));
        client.send(request);
        while (!isAsked)
            std::this_thread::yield();
        std::thread stop([&] { CPPUNIT_ASSERT(server->stop()); });
        const std::string answer = client.answer();
        stop.join();
        CPPUNIT_ASSERT_EQUAL(std::string("end"), answer.substr(answer.size() - 3));
    }

    void aClientThatReadsNothingDoesNotHoldUpTheStop()
    {
        Limits limits;
        limits.connection = std::chrono::milliseconds(deadline);
        limits.grace = std::chrono::milliseconds(0);
        const auto server = serve(limits, 1, [] { return std::string(10 << 20, 'x'); });
        Client client(path(0));
        client.send(request);
        while (client.waits())
            std::this_thread::yield();
        CPPUNIT_ASSERT(server->stop());
    }

private:
    static Limits oneThread()
    {
        Limits limits;
        limits.threads = 1;
        limits.connection = std::chrono::milliseconds(deadline);
        return limits;
    }

    [[nodiscard]] std::string path(int number) const
    {
        return _folder + "/" + std::to_string(number);
    }

    std::unique_ptr<HttpServer> serve(
        const Limits& limits,
        int addresses = 1,
        std::function<std::string()> page = [] { return "figures"; }) const
    {
        Sources sources{[page = std::move(page)](Format) { return page(); },
                        [] { return Reasons(); },
                        [] { return Reasons(); }};
        auto server = std::make_unique<HttpServer>(std::move(sources), limits);
        std::vector<std::string> names;
        for (int i = 0; i < addresses; ++i)
            names.push_back("unix:" + path(i));
        server->take(server->prepare(names));
        return server;
    }

    std::string _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(HttpServerTest);
