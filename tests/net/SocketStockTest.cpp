// What a service manager hands over: what can be used, and a sentence for what cannot.
#include "net/SocketStock.h"
#include "Inheritance.h"
#include "TestServer.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>

using namespace mpsmtp::net;
using namespace mpsmtp::net::test;

class SocketStockTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SocketStockTest);
    CPPUNIT_TEST(withoutAnAnnouncementItIsEmpty);
    CPPUNIT_TEST(anAnnouncementThatIsNotForUsIsRemovedAndNotUsed);
    CPPUNIT_TEST(socketsOfOneNameAreLentTogether);
    CPPUNIT_TEST(whatIsLentIsADuplicateOfItsOwn);
    CPPUNIT_TEST(whatCannotBeListenedAtHasASentence);
    CPPUNIT_TEST(aNameThatIsNotThereIsToldWithThoseThatAre);
    CPPUNIT_TEST(socketsThatNobodyServesAreWarnedOf);
    CPPUNIT_TEST(anAddressThatWasHandedOverIsToldByItsName);
    CPPUNIT_TEST(whatIsBoundEarlyIsTakenOnce);
    CPPUNIT_TEST_SUITE_END();

    static std::vector<ListenerConfig> listenersAt(const std::vector<std::string>& addresses)
    {
        ListenerConfig listener;
        listener.name = "main";
        listener.addresses = addresses;
        return {listener};
    }

    static std::string portOf(const Descriptor& socket)
    {
        Endpoint endpoint;
        endpoint.length = sizeof endpoint.address;
        CPPUNIT_ASSERT_EQUAL(0, ::getsockname(socket.get(), endpoint.get(), &endpoint.length));
        return toText(endpoint);
    }

    void withoutAnAnnouncementItIsEmpty()
    {
        CPPUNIT_ASSERT(SocketStock::inherit(firstHanded).isEmpty());
        CPPUNIT_ASSERT(SocketStock().problem("smtp").find("no socket was handed over") !=
                       std::string::npos);
    }

    void anAnnouncementThatIsNotForUsIsRemovedAndNotUsed()
    {
        const std::string own = std::to_string(::getpid());

        const struct
        {
            const char* why;
            std::string process;
            std::string count;
        } rows[] = {
            {"for the process that started us", "1", "1"},
            {"no number", "x", "1"},
            {"no count", own, ""},
            {"a count that is none", own, "1x"},
            {"less than nothing", own, "-1"},
            {"more than a process can have", own, "99999999999"},
        };

        for (const auto& row : rows)
        {
            announce(row.process, row.count, "smtp");
            CPPUNIT_ASSERT_MESSAGE(row.why, SocketStock::inherit(firstHanded).isEmpty());
            for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
                CPPUNIT_ASSERT_MESSAGE(row.why, std::getenv(name) == nullptr);
        }
    }

    void socketsOfOneNameAreLentTogether()
    {
        const Descriptor a = managersSocket();
        const Descriptor b = managersSocket();
        const Descriptor c = managersSocket();
        const SocketStock stock = handOver({a.get(), b.get(), c.get()}, "smtp:lan:smtp");
        const auto lent = stock.lend("smtp");
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), lent.size());
        CPPUNIT_ASSERT_EQUAL(portOf(a), lent[0].address());
        CPPUNIT_ASSERT_EQUAL(portOf(c), lent[1].address());
        CPPUNIT_ASSERT_EQUAL(std::string("smtp"), lent[1].inheritedName());
        CPPUNIT_ASSERT_EQUAL(portOf(b), stock.lend("lan").at(0).address());
    }

    void whatIsLentIsADuplicateOfItsOwn()
    {
        const Descriptor socket = managersSocket();
        const SocketStock stock = handOver({socket.get()}, "");
        Descriptor first = stock.lend("unknown").at(0).takeSocket();
        CPPUNIT_ASSERT((::fcntl(first.get(), F_GETFD) & FD_CLOEXEC) != 0);
        CPPUNIT_ASSERT((::fcntl(first.get(), F_GETFL) & O_NONBLOCK) != 0);
        CPPUNIT_ASSERT((::fcntl(firstHanded, F_GETFD) & FD_CLOEXEC) != 0);
        first.reset();
        CPPUNIT_ASSERT_MESSAGE("and can be lent again", stock.lend("unknown").at(0).takeSocket());
    }

    void whatCannotBeListenedAtHasASentence()
    {
        const Descriptor datagrams = managersSocket(SOCK_DGRAM, false);
        const Descriptor silent = managersSocket(SOCK_STREAM, false);
        const Descriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));

        const struct
        {
            const char* why;
            int socket;
            const char* expected;
        } rows[] = {
            {"ListenDatagram=", datagrams.get(), "is no stream socket; write ListenStream="},
            {"Accept=yes hands over connections", silent.get(), "does not listen; write Accept=no"},
            {"ListenFIFO=, ListenSpecial=",
             file.get(),
             "is no socket; remove what is no ListenStream="},
            {"fewer than announced", -1, "is not open; LISTEN_FDS announces more"},
        };

        for (const auto& row : rows)
        {
            const SocketStock stock = handOver({row.socket}, "smtp");
            const std::string text = stock.problem("smtp");
            CPPUNIT_ASSERT_MESSAGE(text, text.find("systemd:smtp: descriptor 700 ") == 0);
            CPPUNIT_ASSERT_MESSAGE(row.why + (": " + text),
                                   text.find(row.expected) != std::string::npos);
            CPPUNIT_ASSERT_THROW_MESSAGE(row.why, (void)stock.lend("smtp"), std::system_error);
        }
    }

    void aNameThatIsNotThereIsToldWithThoseThatAre()
    {
        const Descriptor socket = managersSocket();
        const SocketStock stock = handOver({socket.get(), socket.get()}, "smtp:lan");
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "systemd:smpt: no socket of this name was handed over, there is: lan, smtp; "
                "set FileDescriptorName= in the socket unit"),
            stock.problem("smpt"));
        CPPUNIT_ASSERT_EQUAL(std::string(), stock.problem("lan"));
    }

    void socketsThatNobodyServesAreWarnedOf()
    {
        const Descriptor socket = managersSocket();
        const SocketStock stock = handOver({socket.get(), socket.get()}, "smtp:lan");
        CPPUNIT_ASSERT(stock.warnings(listenersAt({"systemd:smtp", "systemd:lan"})).empty());
        const auto warnings = stock.warnings(listenersAt({"systemd:smtp", "127.0.0.1:0"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), warnings.size());
        CPPUNIT_ASSERT_EQUAL("nobody serves the inherited socket lan (" + portOf(socket) + ")",
                             warnings[0].substr(0, warnings[0].find(';')));
    }

    void anAddressThatWasHandedOverIsToldByItsName()
    {
        const Descriptor socket = managersSocket();
        const SocketStock stock = handOver({socket.get()}, "smtp");
        CPPUNIT_ASSERT_EQUAL(std::string("smtp"), stock.holderOf(portOf(socket)));
        CPPUNIT_ASSERT_EQUAL(std::string(), stock.holderOf("127.0.0.1:1"));
    }

    void whatIsBoundEarlyIsTakenOnce()
    {
        SocketStock stock;
        stock.bindNow(listenersAt({"127.0.0.1:0", "systemd:smtp"}));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), stock.take("127.0.0.1:0").size());
        CPPUNIT_ASSERT(stock.take("127.0.0.1:0").empty());
        CPPUNIT_ASSERT(stock.take("systemd:smtp").empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SocketStockTest);
