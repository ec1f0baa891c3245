// When what a client has sent is a request that a thread can be given to.
#include "http/Head.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace mpsmtp::http;

class HeadTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(HeadTest);
    CPPUNIT_TEST(aHeadEndsWithItsEmptyLine);
    CPPUNIT_TEST(aHeadIsUnfinishedAtEachOctetBeforeItsEnd);
    CPPUNIT_TEST_SUITE_END();

public:
    void aHeadEndsWithItsEmptyLine()
    {
        struct Row
        {
            const char* why;
            std::string octets;
            Head head;
        };

        const std::string most(mostHeadOctets, 'x');
        const Row rows[] = {
            {"nothing", "", Head::Unfinished},
            {"a request", "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", Head::Whole},
            {"without fields", "GET / HTTP/1.0\r\n\r\n", Head::Whole},
            {"by hand, with bare LF", "GET / HTTP/1.1\nHost: x\n\n", Head::Whole},
            {"with a body behind it", "POST / HTTP/1.1\r\n\r\nbody", Head::Whole},
            {"behind empty lines", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", Head::Whole},
            {"empty lines are no head", "\r\n\r\n\r\n", Head::Unfinished},
            {"bare CR ends no line", "GET / HTTP/1.1\r\rX\r\r", Head::Unfinished},
            {"a method that nobody knows", "get / HTTP/1.1\r\n\r\n", Head::Whole},
            {"TLS", "\x16\x03\x01\x02", Head::NoRequest},
            {"NUL", std::string(1, '\0'), Head::NoRequest},
            {"beyond ASCII", "\xff\xff", Head::NoRequest},
            {"a blank first", " GET / HTTP/1.1\r\n\r\n", Head::NoRequest},
            {"a line without end", most, Head::LongLine},
            {"one octet less", most.substr(1), Head::Unfinished},
            {"empty lines without end", std::string(mostHeadOctets, '\n'), Head::LongLine},
            {"fields without end",
             ("GET / HTTP/1.1\r\nX: " + most).substr(0, most.size()),
             Head::Large},
            {"an end behind the bound",
             ("GET / HTTP/1.1\r\nX: " + most) + "\r\n\r\n",
             Head::Large}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_MESSAGE(row.why, headOf(row.octets) == row.head);
    }

    void aHeadIsUnfinishedAtEachOctetBeforeItsEnd()
    {
        const std::string request = "\r\nGET /metrics HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
        for (std::size_t size = 0; size < request.size(); ++size)
            CPPUNIT_ASSERT_MESSAGE(request.substr(0, size),
                                   headOf(request.substr(0, size)) == Head::Unfinished);
        CPPUNIT_ASSERT(headOf(request) == Head::Whole);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HeadTest);
