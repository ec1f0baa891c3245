// What the service manager hears, octet by octet.
#include "app/ServiceManager.h"
#include "Program.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using mpsmtp::app::ServiceManager;
using mpsmtp::test::TemporaryFolder;
using namespace std::chrono_literals;

namespace
{

/// The manager's end. `name` as in NOTIFY_SOCKET.
class Ear
{
public:
    explicit Ear(const std::string& name) : _socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, name.size());
        if (name[0] == '@')
            address.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        CPPUNIT_ASSERT_EQUAL(0,
                             ::bind(_socket, reinterpret_cast<const sockaddr*>(&address), length));
    }

    Ear(const Ear&) = delete;
    Ear& operator=(const Ear&) = delete;

    ~Ear() { ::close(_socket); }

    /// What has been sent, datagrams parted by "--".
    std::string heard() const
    {
        std::string all;
        std::array<char, 4096> datagram{};
        for (;;)
        {
            const auto count = ::recv(_socket, datagram.data(), datagram.size(), MSG_DONTWAIT);
            if (count < 0)
                return all;
            all += (all.empty() ? "" : "--\n") +
                   std::string(datagram.data(), static_cast<std::size_t>(count));
        }
    }

private:
    int _socket;
};

} // namespace

class ServiceManagerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ServiceManagerTest);
    CPPUNIT_TEST(theEnvironmentIsTakenAndNotPassedOn);
    CPPUNIT_TEST(itHearsTheWayUpAndDown);
    CPPUNIT_TEST(aReloadIsBracketed);
    CPPUNIT_TEST(anAbstractNameWorks);
    CPPUNIT_TEST(aStatusIsOneLineAndSentOnce);
    CPPUNIT_TEST(withoutAWatchdogNoSignIsDue);
    CPPUNIT_TEST(signsAreDueTwiceAsOften);
    CPPUNIT_TEST(nobodyThereIsNoError);
    CPPUNIT_TEST(whoDoesNotListenHoldsItUpOnce);
    CPPUNIT_TEST_SUITE_END();

    TemporaryFolder _folder;
    const std::string _name = _folder.path() + "/notify";

    void theEnvironmentIsTakenAndNotPassedOn()
    {
        const Ear ear(_name);

        const struct
        {
            const char* why;
            std::string watchdog;
            std::string process;
            bool isDue;
        } rows[] = {
            {"ours", "2000000", std::to_string(::getpid()), true},
            {"for whoever asks", "2000000", "", true},
            {"for another process", "2000000", "1", false},
            {"no number", "2s", "", false},
            {"less than nothing", "-1", "", false},
        };

        for (const auto& row : rows)
        {
            ::setenv("NOTIFY_SOCKET", _name.c_str(), 1);
            ::setenv("WATCHDOG_USEC", row.watchdog.c_str(), 1);
            ::setenv("WATCHDOG_PID", row.process.c_str(), 1);
            ServiceManager manager = ServiceManager::take();
            for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
                CPPUNIT_ASSERT_MESSAGE(row.why, std::getenv(name) == nullptr);
            manager.ready("well");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.isDue, manager.nextSign() != ServiceManager::Clock::time_point::max());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, std::size_t(0), ear.heard().find("READY=1\nSTATUS=well\n"));
        }
    }

    void itHearsTheWayUpAndDown()
    {
        const Ear ear(_name);
        ServiceManager manager(_name, 0s);
        manager.starting(10min);
        manager.ready("ready");
        manager.stopping("stopping", 30s);
        CPPUNIT_ASSERT_EQUAL(
            std::string("STATUS=starting the handlers\nEXTEND_TIMEOUT_USEC=600000000\n--\n"
                        "READY=1\nSTATUS=ready\n--\n"
                        "STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=30000000\n"),
            ear.heard());
    }

    void aReloadIsBracketed()
    {
        const Ear ear(_name);
        ServiceManager manager(_name, 4s);
        manager.reloading(1min);
        manager.ready("new");
        const std::string heard = ear.heard();
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), heard.find("RELOADING=1\nMONOTONIC_USEC="));
        CPPUNIT_ASSERT_MESSAGE("no sign can come meanwhile",
                               heard.find("\nWATCHDOG_USEC=60000000\n--\n") != std::string::npos);
        CPPUNIT_ASSERT(heard.find("--\nREADY=1\nSTATUS=new\nWATCHDOG_USEC=4000000\n") !=
                       std::string::npos);
    }

    void anAbstractNameWorks()
    {
        const std::string name = "@mpsmtp-test-" + std::to_string(::getpid());
        const Ear ear(name);
        ServiceManager(name, 0s).ready("x");
        CPPUNIT_ASSERT_EQUAL(std::string("READY=1\nSTATUS=x\n"), ear.heard());
    }

    void aStatusIsOneLineAndSentOnce()
    {
        const Ear ear(_name);
        ServiceManager manager(_name, 0s);
        manager.status("file\nSTOPPING=1");
        manager.status("file\nSTOPPING=1");
        CPPUNIT_ASSERT_EQUAL(std::string("STATUS=file STOPPING=1\n"), ear.heard());
    }

    void withoutAWatchdogNoSignIsDue()
    {
        const Ear ear(_name);
        ServiceManager manager(_name, 0s);
        manager.ready("x");
        (void)ear.heard();
        manager.alive();
        manager.busy(1s);
        CPPUNIT_ASSERT(manager.nextSign() == ServiceManager::Clock::time_point::max());
        CPPUNIT_ASSERT_EQUAL(std::string(), ear.heard());
    }

    void signsAreDueTwiceAsOften()
    {
        const Ear ear(_name);
        ServiceManager manager(_name, 60s);
        manager.ready("x");
        CPPUNIT_ASSERT(manager.nextSign() <= ServiceManager::Clock::now());
        manager.alive();
        const auto wait = manager.nextSign() - ServiceManager::Clock::now();
        CPPUNIT_ASSERT(wait > 20s && wait <= 30s);
        CPPUNIT_ASSERT(ear.heard().find("--\nWATCHDOG_USEC=60000000\nWATCHDOG=1\n") !=
                       std::string::npos);
    }

    void whoDoesNotListenHoldsItUpOnce()
    {
        const Ear ear(_name);
        ServiceManager manager(_name, 0s);
        const auto begin = ServiceManager::Clock::now();
        for (int i = 0; i < 2000; ++i) // far more than a queue takes
            manager.status(std::to_string(i));
        CPPUNIT_ASSERT(ServiceManager::Clock::now() - begin < 20s);
        CPPUNIT_ASSERT(!ear.heard().empty());
        manager.status("and speaks again");
        CPPUNIT_ASSERT_EQUAL(std::string("STATUS=and speaks again\n"), ear.heard());
    }

    void nobodyThereIsNoError()
    {
        for (const std::string& name : {std::string(),
                                        _name,
                                        std::string("x"),
                                        std::string("vsock:2:3"),
                                        "/" + std::string(200, 'x')})
            ServiceManager(name, 1s).ready("x");
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServiceManagerTest);
