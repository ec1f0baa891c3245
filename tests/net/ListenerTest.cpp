// Binding, and the names of Unix sockets.
#include "net/Listener.h"
#include "TestServer.h"

#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using mpsmtp::net::Listener;
using mpsmtp::net::test::TemporaryFolder;

namespace
{

std::string errorOf(const std::string& address)
{
    try
    {
        for (Listener& listener : Listener::bind(address))
            listener.listen();
        return "no error";
    }
    catch (const std::system_error& error)
    {
        return error.what();
    }
}

void assertContains(const std::string& wanted, const std::string& text)
{
    CPPUNIT_ASSERT_MESSAGE(text, text.find(wanted) != std::string::npos);
}

} // namespace

class ListenerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ListenerTest);
    CPPUNIT_TEST(portZeroGivesTheTruePort);
    CPPUNIT_TEST(aTakenPortIsAnError);
    CPPUNIT_TEST(aForeignAddressIsAnError);
    CPPUNIT_TEST(bothFamiliesCanHaveTheSamePort);
    CPPUNIT_TEST(aUnixSocketIsOpenToAllAndRemovedAtTheEnd);
    CPPUNIT_TEST(aStaleUnixSocketIsTakenOver);
    CPPUNIT_TEST(aLiveUnixSocketIsNotTakenOver);
    CPPUNIT_TEST(aFileThatIsNoSocketIsLeftAlone);
    CPPUNIT_TEST(aSocketOfSomebodyElseIsNotRemoved);
    CPPUNIT_TEST(aMissingFolderIsAnError);
    CPPUNIT_TEST_SUITE_END();

    const TemporaryFolder _folder;
    const std::string _path = _folder.path / "smtp.sock";
    const std::string _address = "unix:" + _path;

    void portZeroGivesTheTruePort()
    {
        const auto listeners = Listener::bind("127.0.0.1:0");
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), listeners.size());
        assertContains("127.0.0.1:", listeners.front().address());
        CPPUNIT_ASSERT(listeners.front().address() != "127.0.0.1:0");
    }

    void aTakenPortIsAnError()
    {
        auto listeners = Listener::bind("127.0.0.1:0");
        listeners.front().listen();
        const std::string address = listeners.front().address();
        assertContains("cannot listen on " + address, errorOf(address));
        assertContains("another program listens there", errorOf(address));
    }

    void aForeignAddressIsAnError()
    {
        assertContains("this machine has no such address", errorOf("203.0.113.1:0"));
    }

    void bothFamiliesCanHaveTheSamePort()
    {
        auto ipv4 = Listener::bind("0.0.0.0:0");
        ipv4.front().listen();
        const std::string address = ipv4.front().address();
        const std::string all = "[::]" + address.substr(address.find(':'));
        const std::string error = errorOf(all);
        CPPUNIT_ASSERT_MESSAGE(
            error, error == "no error" || error.find("no such address") != std::string::npos);
    }

    void aUnixSocketIsOpenToAllAndRemovedAtTheEnd()
    {
        {
            auto listeners = Listener::bind(_address);
            CPPUNIT_ASSERT_EQUAL(_address, listeners.front().address());

            struct stat status
            {
            };

            CPPUNIT_ASSERT_EQUAL(0, ::stat(_path.c_str(), &status));
            CPPUNIT_ASSERT_EQUAL(mode_t(0666), status.st_mode & 0777);
        }
        CPPUNIT_ASSERT(!fs::exists(_path));
    }

    void aStaleUnixSocketIsTakenOver()
    {
        leaveStaleSocket();
        CPPUNIT_ASSERT_EQUAL(std::string("no error"), errorOf(_address));
        CPPUNIT_ASSERT(!fs::exists(_path));
    }

    void aLiveUnixSocketIsNotTakenOver()
    {
        auto live = Listener::bind(_address);
        live.front().listen();
        assertContains("another program listens there", errorOf(_address));
        CPPUNIT_ASSERT(fs::exists(_path));
    }

    void aFileThatIsNoSocketIsLeftAlone()
    {
        std::ofstream(_path) << "precious";
        assertContains("no socket", errorOf(_address));
        CPPUNIT_ASSERT_EQUAL(std::uintmax_t(8), fs::file_size(_path));
    }

    void aSocketOfSomebodyElseIsNotRemoved()
    {
        {
            auto listeners = Listener::bind(_address);
            // Kept, so that its inode is not used again at once.
            fs::rename(_path, _path + ".old");
            leaveStaleSocket();
        }
        CPPUNIT_ASSERT(fs::exists(_path));
    }

    void aMissingFolderIsAnError()
    {
        assertContains("folder does not exist", errorOf("unix:" + _path + "/x"));
    }

    void leaveStaleSocket() const
    {
        const mpsmtp::net::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
        const auto endpoint = mpsmtp::net::resolve(_address).front();
        CPPUNIT_ASSERT_EQUAL(0, ::bind(socket.get(), endpoint.get(), endpoint.length));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ListenerTest);
