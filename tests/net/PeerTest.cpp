// Clients as text and as what is counted.
#include "net/Peer.h"
#include "net/Endpoint.h"

#include <cppunit/extensions/HelperMacros.h>

using mpsmtp::net::Peer;
using mpsmtp::net::peerOf;
using mpsmtp::net::resolve;

namespace
{

Peer peer(const std::string& address)
{
    return peerOf(resolve(address).front().address);
}

} // namespace

class PeerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PeerTest);
    CPPUNIT_TEST(addressesAreWrittenWithoutTheirPort);
    CPPUNIT_TEST(clientsAreCountedByWhatTheyOwn);
    CPPUNIT_TEST_SUITE_END();

    void addressesAreWrittenWithoutTheirPort()
    {
        struct Row
        {
            const char* why;
            const char* address;
            const char* text;
            unsigned port;
        };

        const Row rows[] = {
            {"IPv4", "192.0.2.1:25", "192.0.2.1", 25},
            {"IPv6", "[2001:db8::1]:65535", "2001:db8::1", 65535},
            {"IPv4 mapped into IPv6 is IPv4", "[::ffff:192.0.2.1]:25", "192.0.2.1", 25},
            {"Unix sockets have no address", "unix:/run/x", "unix", 0},
        };
        for (const Row& row : rows)
        {
            const Peer found = peer(row.address);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(row.text), found.address);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.port, found.port);
        }
    }

    void clientsAreCountedByWhatTheyOwn()
    {
        struct Row
        {
            const char* why;
            const char* one;
            const char* other;
            bool isSame;
        };

        const Row rows[] = {
            {"the port does not matter", "192.0.2.1:25", "192.0.2.1:26", true},
            {"each IPv4 address is a client", "192.0.2.1:25", "192.0.2.2:25", false},
            {"mapped is the same client", "192.0.2.1:25", "[::ffff:192.0.2.1]:25", true},
            {"mapped addresses differ", "[::ffff:192.0.2.2]:1", "[::ffff:192.0.2.1]:1", false},
            {"one /64, one client", "[2001:db8::1]:25", "[2001:db8::ffff:1]:25", true},
            {"two /64", "[2001:db8::1]:25", "[2001:db8:0:1::1]:25", false},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.isSame, peer(row.one).key == peer(row.other).key);
        CPPUNIT_ASSERT(!peer("unix:/run/x").key);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PeerTest);
