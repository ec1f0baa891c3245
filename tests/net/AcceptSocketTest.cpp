// Accepting, also when it cannot be done.
#include "net/AcceptSocket.h"
#include "TestServer.h"
#include "net/ClientSocket.h"
#include "net/Listener.h"

#include <Poco/AutoPtr.h>
#include <Poco/Logger.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>

using namespace mpsmtp::net;
using mpsmtp::net::test::TestClient;

namespace
{

const Poco::Timespan tenSeconds(10, 0);

} // namespace

class AcceptSocketTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(AcceptSocketTest);
    CPPUNIT_TEST(anAcceptedSocketIsBlockingAndClosedOnExec);
    CPPUNIT_TEST(aWakeEndsTheWait);
    CPPUNIT_TEST(withoutReserveItPausesInsteadOfSpinning);
    CPPUNIT_TEST(whoWaitsInTheBacklogIsRefusedAtTheEnd);
    CPPUNIT_TEST_SUITE_END();

    mpsmtp::metrics::Metrics _metrics;
    const std::shared_ptr<const Generation> _generation = std::make_shared<const Generation>(
        mpsmtp::net::test::testConfig(), SinkFactory(), _metrics);
    std::string _address;

    AcceptSocketHandle listen()
    {
        Listener listener = std::move(Listener::bind("127.0.0.1:0").front());
        listener.listen();
        _address = listener.address();
        return AcceptSocketHandle(
            new AcceptSocket(listener.takeSocket(),
                             {_generation, &_generation->config.listeners.front()},
                             _metrics));
    }

    static AcceptSocket& implOf(const AcceptSocketHandle& handle)
    {
        return dynamic_cast<AcceptSocket&>(*handle.impl());
    }

    void anAcceptedSocketIsBlockingAndClosedOnExec()
    {
        AcceptSocketHandle handle = listen();
        const TestClient client(_address);
        CPPUNIT_ASSERT(handle.poll(tenSeconds, Poco::Net::Socket::SELECT_READ));
        const Poco::Net::StreamSocket accepted = handle.acceptConnection();
        const int fd = accepted.impl()->sockfd();
        CPPUNIT_ASSERT((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        CPPUNIT_ASSERT((::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
        CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1"),
                             dynamic_cast<ClientSocket&>(*accepted.impl()).peer().address);
    }

    void aWakeEndsTheWait()
    {
        AcceptSocketHandle handle = listen();
        const TestClient client(_address);
        implOf(handle).wake();
        CPPUNIT_ASSERT(!handle.poll(tenSeconds, Poco::Net::Socket::SELECT_READ));
    }

    void withoutReserveItPausesInsteadOfSpinning()
    {
        TestClient client("127.0.0.1:1", TestClient::Later());
        // UBSan looks at the logger's type at its first use, and needs descriptors for that.
        (void)Poco::Logger::get("net").debug();
        Listener listener = std::move(Listener::bind("127.0.0.1:0").front());
        listener.listen();
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        const Descriptor first(::dup(0));
        rlimit none = before;
        none.rlim_cur = static_cast<rlim_t>(first.get()) + 2;
        ::setrlimit(RLIMIT_NOFILE, &none); // room for the eventfd, but not for the reserve
        const AcceptSocketHandle handle(
            new AcceptSocket(listener.takeSocket(),
                             {_generation, &_generation->config.listeners.front()},
                             _metrics));
        client.connect(listener.address());
        const auto begin = std::chrono::steady_clock::now();
        const bool accepted = handle.poll(tenSeconds, Poco::Net::Socket::SELECT_READ);
        const auto took = std::chrono::steady_clock::now() - begin;
        ::setrlimit(RLIMIT_NOFILE, &before);
        CPPUNIT_ASSERT(!accepted);
        CPPUNIT_ASSERT(took >= std::chrono::milliseconds(90));
        CPPUNIT_ASSERT_MESSAGE("and it recovers",
                               handle.poll(tenSeconds, Poco::Net::Socket::SELECT_READ));
    }

    void whoWaitsInTheBacklogIsRefusedAtTheEnd()
    {
        const AcceptSocketHandle handle = listen();
        std::vector<TestClient> clients;
        for (int i = 0; i < 3; ++i)
            clients.emplace_back(_address);
        implOf(handle).retire();
        for (TestClient& client : clients)
            CPPUNIT_ASSERT_EQUAL(std::string("421 4.3.2 mx.example.com is shutting down"),
                                 client.rest().substr(0, 41));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AcceptSocketTest);
