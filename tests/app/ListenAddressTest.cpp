// Listen addresses: what is written in `address` and --listen.
#include "app/ListenAddress.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace mpsmtp::app;

class ListenAddressTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ListenAddressTest);
    CPPUNIT_TEST(goodAddressesHaveNoProblem);
    CPPUNIT_TEST(badAddressesHaveASentence);
    CPPUNIT_TEST(localAddressesAreTold);
    CPPUNIT_TEST(domainNamesAreTold);
    CPPUNIT_TEST_SUITE_END();

    void goodAddressesHaveNoProblem()
    {
        for (const char* address : {"127.0.0.1:8025",
                                    "[::1]:0",
                                    "localhost:65535",
                                    "*:25",
                                    "mx-1.example.org:25",
                                    "unix:/run/x.sock",
                                    "systemd:mpsmtpd.socket"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(address, std::string(), listenAddressProblem(address));
    }

    void badAddressesHaveASentence()
    {
        const struct
        {
            const char* address;
            const char* expected;
        } rows[] = {
            {"", "\"\" has no port; write HOST:PORT or unix:/PATH"},
            {"localhost", "\"localhost\" has no port; write HOST:PORT or unix:/PATH"},
            {"[::1]", "\"[::1]\" has no port; write HOST:PORT or unix:/PATH"},
            {"localhost:", "\"\" is not a port; it is a number from 0 to 65535"},
            {"localhost:smtp", "\"smtp\" is not a port; it is a number from 0 to 65535"},
            {"localhost:-0", "\"-0\" is not a port; it is a number from 0 to 65535"},
            {"localhost:65536", "\"65536\" is not a port; it is a number from 0 to 65535"},
            {":25", "\"\" is not a host name or an address"},
            {"a b:25", "\"a b\" is not a host name or an address"},
            {"[127.0.0.1]:25", "\"[127.0.0.1]\" is not a host name or an address"},
            {"::1:25", "an IPv6 address is written in brackets: [::1]:PORT"},
            {"unix:", "unix: needs the absolute path of a socket, as in unix:/run/mpsmtp.sock"},
            {"unix:x", "unix: needs the absolute path of a socket, as in unix:/run/mpsmtp.sock"},
            {"systemd:",
             "systemd: needs the FileDescriptorName= of a socket unit, as in systemd:smtp"},
            {"systemd:a:b",
             "systemd: needs the FileDescriptorName= of a socket unit, as in systemd:smtp"},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL(std::string(row.expected), listenAddressProblem(row.address));
        CPPUNIT_ASSERT_EQUAL(std::string("the path of a Unix socket has at most 107 octets"),
                             listenAddressProblem("unix:/" + std::string(107, 'x')));
    }

    void localAddressesAreTold()
    {
        for (const char* address :
             {"127.0.0.1:25", "127.9.9.9:0", "[::1]:25", "localhost:25", "unix:/run/x.sock"})
            CPPUNIT_ASSERT_MESSAGE(address, isLocalAddress(address));
        for (const char* address : {"*:25",
                                    "0.0.0.0:25",
                                    "[::]:25",
                                    "192.0.2.1:25",
                                    "127.example.org:25",
                                    "systemd:smtp",
                                    "[::ffff:127.0.0.1]:25"})
            CPPUNIT_ASSERT_MESSAGE(address, !isLocalAddress(address));
    }

    void domainNamesAreTold()
    {
        for (const char* name : {"mx.example.org", "localhost", "a_b", "[192.0.2.1]", "[IPv6:::1]"})
            CPPUNIT_ASSERT_MESSAGE(name, isDomainName(name));
        for (const char* name : {"", "a b", "a@b", "[192.0.2.1/24]", "[x]", "a/b"})
            CPPUNIT_ASSERT_MESSAGE(name, !isDomainName(name));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ListenAddressTest);
