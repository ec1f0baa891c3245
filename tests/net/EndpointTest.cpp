// Addresses of the configuration.
#include "net/Endpoint.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <system_error>
#include <vector>

using mpsmtp::net::Endpoint;
using mpsmtp::net::resolve;
using mpsmtp::net::toText;

namespace
{

std::string joined(const std::vector<Endpoint>& endpoints)
{
    std::string text;
    for (const Endpoint& endpoint : endpoints)
        text += (text.empty() ? "" : " ") + toText(endpoint);
    return text;
}

std::string errorOf(const std::string& address)
{
    try
    {
        return "no error, but " + joined(resolve(address));
    }
    catch (const std::system_error& error)
    {
        return error.what();
    }
}

} // namespace

class EndpointTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(EndpointTest);
    CPPUNIT_TEST(addressesStandForTheirEndpoints);
    CPPUNIT_TEST(mistakesAreNamedWithWhatToWrite);
    CPPUNIT_TEST(aUnixPathMayBeAsLongAsTheKernelTakes);
    CPPUNIT_TEST_SUITE_END();

    void addressesStandForTheirEndpoints()
    {
        struct Row
        {
            const char* why;
            const char* address;
            const char* endpoints;
        };

        const Row rows[] = {
            {"IPv4", "127.0.0.1:8025", "127.0.0.1:8025"},
            {"IPv6", "[::1]:8025", "[::1]:8025"},
            {"IPv6 is written in its short form", "[0:0:0:0:0:0:0:1]:1", "[::1]:1"},
            {"both loopbacks, whatever /etc/hosts says",
             "localhost:8025",
             "127.0.0.1:8025 [::1]:8025"},
            {"both families", "*:25", "0.0.0.0:25 [::]:25"},
            {"the system chooses", "127.0.0.1:0", "127.0.0.1:0"},
            {"a service's name", "127.0.0.1:smtp", "127.0.0.1:25"},
            {"Unix", "unix:/run/mpsmtp/x.sock", "unix:/run/mpsmtp/x.sock"},
            {"a colon in a path", "unix:/run/a:b", "unix:/run/a:b"},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, std::string(row.endpoints), joined(resolve(row.address)));
    }

    void mistakesAreNamedWithWhatToWrite()
    {
        struct Row
        {
            const char* address;
            const char* advice;
        };

        const Row rows[] = {
            {"25", "HOST:PORT"},
            {"", "HOST:PORT"},
            {":25", "HOST:PORT"},
            {"127.0.0.1", "HOST:PORT"},
            {"127.0.0.1:", "HOST:PORT"},
            {"::1:25", "brackets"},
            {"127.0.0.1:65536", "0 to 65535"},
            {"127.0.0.1:99999999999999999999", "0 to 65535"},
            {"host.invalid:25", "cannot listen on host.invalid:25"},
            {"unix:", "begin with /"},
            {"unix:relative", "begin with /"},
        };
        for (const Row& row : rows)
        {
            const std::string error = errorOf(row.address);
            CPPUNIT_ASSERT_MESSAGE(row.address + std::string(" gives: ") + error,
                                   error.find(row.advice) != std::string::npos &&
                                       error.find("cannot listen on ") == 0);
        }
    }

    void aUnixPathMayBeAsLongAsTheKernelTakes()
    {
        const std::string longest = "unix:/" + std::string(106, 'x');
        CPPUNIT_ASSERT_EQUAL(longest, joined(resolve(longest)));
        CPPUNIT_ASSERT(errorOf(longest + 'x').find("107 octets") != std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EndpointTest);
