// Addresses of a load: what is understood, and that a Unix socket is reached.
#include "bench/load/Target.h"
#include "bench/base/Arguments.h"
#include "bench/base/ScratchFolder.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cerrno>
#include <system_error>

#include <sys/un.h>
#include <unistd.h>

using namespace mpsmtp::bench;
using mpsmtp::store::FileDescriptor;

namespace
{

FileDescriptor listenAt(const std::string& path)
{
    FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* const any = reinterpret_cast<const sockaddr*>(&address);
    CPPUNIT_ASSERT_EQUAL(0, ::bind(fd.get(), any, sizeof address));
    CPPUNIT_ASSERT_EQUAL(0, ::listen(fd.get(), 8));
    return fd;
}

} // namespace

class TargetTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(TargetTest);
    CPPUNIT_TEST(whatIsNoAddressIsAMistake);
    CPPUNIT_TEST(hostsArePartedFromPorts);
    CPPUNIT_TEST(aUnixSocketIsReached);
    CPPUNIT_TEST(aServerThatIsNotThereIsAnError);
    CPPUNIT_TEST_SUITE_END();

public:
    void whatIsNoAddressIsAMistake()
    {
        for (const std::string& text : {std::string("localhost"),
                                        std::string(":25"),
                                        std::string("unix:"),
                                        "unix:" + std::string(108, 'x')})
            CPPUNIT_ASSERT_THROW_MESSAGE(text, Target{text}, UsageMistake);
    }

    void hostsArePartedFromPorts()
    {
        // Resolved, not reached: nobody need be there, nor need the machine have IPv6.
        (void)Target("127.0.0.1:25");
        (void)Target("[::1]:25");
    }

    void aUnixSocketIsReached()
    {
        const ScratchFolder folder("/tmp", true);
        const FileDescriptor server = listenAt(folder.path() + "/socket");
        const FileDescriptor client = Target("unix:" + folder.path() + "/socket").connect();
        const FileDescriptor accepted(::accept(server.get(), nullptr, nullptr));
        CPPUNIT_ASSERT(accepted.isOpen());
        char octet = 0;
        CPPUNIT_ASSERT(::read(client.get(), &octet, 1) < 0 && errno == EAGAIN);
        CPPUNIT_ASSERT(::write(accepted.get(), "x", 1) == 1);
        CPPUNIT_ASSERT(::read(client.get(), &octet, 1) == 1);
    }

    void aServerThatIsNotThereIsAnError()
    {
        const ScratchFolder folder("/tmp", true);
        const Target target("unix:" + folder.path() + "/socket");
        CPPUNIT_ASSERT_THROW((void)target.connect(), std::system_error);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TargetTest);
