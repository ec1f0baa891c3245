// The kernel has no memory for one client: the next one is served, and the log has why the first was not.
#include "http/HttpServer.h"
#include "net/Descriptor.h"

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/Logger.h>
#include <Poco/Message.h>

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

using namespace mpsmtp::http;
using mpsmtp::net::Descriptor;

namespace
{

std::atomic<bool> isNextRefused{false};

/// The log of "http", which the accepting thread writes.
class HttpLog : public Poco::Channel
{
public:
    void log(const Poco::Message& message) override
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _lines.push_back(message.getText());
    }

    [[nodiscard]] std::vector<std::string> lines()
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        return _lines;
    }

private:
    std::mutex _mutex;
    std::vector<std::string> _lines;
};

} // namespace

/// The lobby's call: what epoll keeps of a client takes memory of the kernel's.
extern "C" int epoll_ctl(int set, int operation, int fd, epoll_event* event) noexcept
{
    if (operation == EPOLL_CTL_ADD && isNextRefused.exchange(false))
    {
        errno = ENOMEM;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_epoll_ctl, set, operation, fd, event));
}

class AcceptFaultTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(AcceptFaultTest);
    CPPUNIT_TEST(anAddressOutlivesWantOfMemory);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _path = "/tmp/mpsmtp-http-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(_path.data()) != nullptr);
        _path += "/socket";
        _before = Poco::Logger::get("http").getChannel();
        Poco::Logger::get("http").setChannel(_log);
    }

    void tearDown() override
    {
        Poco::Logger::get("http").setChannel(_before);
        ::rmdir(_path.substr(0, _path.rfind('/')).c_str());
    }

    void anAddressOutlivesWantOfMemory()
    {
        using mpsmtp::metrics::Format;
        HttpServer server(
            {[](Format) { return "figures"; }, [] { return Reasons(); }, [] { return Reasons(); }});
        server.take(server.prepare({"unix:" + _path}));
        for (int round = 0; round < 3; ++round)
        {
            isNextRefused = true;
            CPPUNIT_ASSERT_EQUAL(std::string(), answer());
            CPPUNIT_ASSERT_EQUAL(std::string("HTTP/1.1 200"), answer().substr(0, 12));
        }
        const auto lines = _log->lines();
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), lines.size());
        CPPUNIT_ASSERT_EQUAL(
            std::string("accepting pauses for a moment: epoll_ctl: Cannot allocate memory"),
            lines[0]);
    }

private:
    /// What comes until the server closes.
    [[nodiscard]] std::string answer() const
    {
        constexpr std::string_view request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
        constexpr int deadline = 60'000; // ms; a failure, not a measure
        const Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        _path.copy(address.sun_path, sizeof address.sun_path - 1);
        (void)::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        (void)::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL);
        std::string all;
        for (;;)
        {
            pollfd readable{client.get(), POLLIN, 0};
            CPPUNIT_ASSERT_MESSAGE("neither answered nor closed",
                                   ::poll(&readable, 1, deadline) == 1);
            std::array<char, 4096> octets{};
            const ssize_t count = ::recv(client.get(), octets.data(), octets.size(), 0);
            if (count <= 0)
                return all;
            all.append(octets.data(), static_cast<std::size_t>(count));
        }
    }

    std::string _path;
    Poco::AutoPtr<HttpLog> _log{new HttpLog};
    Poco::Channel::Ptr _before;
};

CPPUNIT_TEST_SUITE_REGISTRATION(AcceptFaultTest);
