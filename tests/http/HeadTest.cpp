// When what a client has sent is a request that a thread can be given to.
#include "http/Head.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace mpsmtp::http;

class HeadTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(HeadTest);
    CPPUNIT_TEST(aHeadEndsWithItsEmptyLine);
    CPPUNIT_TEST(aRequestLineIsAMethodATargetAndAVersion);
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
            {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Head::OtherVersion},
            {"a version before ours", "GET / HTTP/0.9\r\n\r\n", Head::OtherVersion},
            {"a minor version to come", "GET / HTTP/1.9\r\n\r\n", Head::Whole},
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

    /// Of anything else, POCO would wait for what it misses, with a thread, or send back what the client says its version is.
    void aRequestLineIsAMethodATargetAndAVersion()
    {
        struct Row
        {
            const char* why;
            std::string line;
            bool isOne;
        };

        const Row rows[] = {{"origin-form", "GET /metrics HTTP/1.1", true},
                            {"with a query", "GET /metrics?name=a%20b HTTP/1.1", true},
                            {"absolute-form", "GET http://localhost:8027/livez HTTP/1.1", true},
                            {"asterisk-form", "OPTIONS * HTTP/1.1", true},
                            {"a method with what a token may have", "M-SEARCH * HTTP/1.1", true},
                            {"the version before", "GET / HTTP/1.0", true},
                            {"one to come", "GET / HTTP/1.9", true},
                            {"a method alone", "GET", false},
                            {"no target", "GET ", false},
                            {"an empty target", "GET  HTTP/1.1", false},
                            {"no version: HTTP/0.9", "GET /", false},
                            {"a blank for a version: POCO waits for one", "GET / ", false},
                            {"a letter for a version: POCO sends it back", "GET / H", false},
                            {"another protocol", "GET / ICY/1.1", false},
                            {"a name is written as it is", "GET / http/1.1", false},
                            {"no minor number", "GET / HTTP/1", false},
                            {"no minor number behind the dot", "GET / HTTP/1.", false},
                            {"no number", "GET / HTTP/1.x", false},
                            {"nor here", "GET / HTTP/x.1", false},
                            {"no dot", "GET / HTTP/1,1", false},
                            {"more digits", "GET / HTTP/1.10", false},
                            {"more digits in front", "GET / HTTP/11.1", false},
                            {"two blanks behind the method", "GET  / HTTP/1.1", false},
                            {"two blanks behind the target", "GET /  HTTP/1.1", false},
                            {"a blank at the end", "GET / HTTP/1.1 ", false},
                            {"a blank in the target", "GET /a b HTTP/1.1", false},
                            {"a tab for a blank", "GET\t/\tHTTP/1.1", false},
                            {"a tab in the target: for POCO, its end", "GET /a\tb HTTP/1.1", false},
                            {"CR in the target: for POCO, its end", "GET /a\rb HTTP/1.1", false},
                            {"more CR than one at the end", "GET / HTTP/1.1\r\r", false},
                            {"NUL in the target", std::string("GET /\0 HTTP/1.1", 15), false},
                            {"beyond ASCII in the target", "GET /\xc3\xa4 HTTP/1.1", false},
                            {"a command of mail", "EHLO client.example.org", false}};
        for (const Row& row : rows)
            for (const char* end : {"\r\n", "\n"})
            {
                CPPUNIT_ASSERT_MESSAGE(row.why,
                                       headOf(row.line + end + "\r\n") ==
                                           (row.isOne ? Head::Whole : Head::NoRequest));
                CPPUNIT_ASSERT_MESSAGE(row.why, // no more is needed to know
                                       headOf(row.line + end) ==
                                           (row.isOne ? Head::Unfinished : Head::NoRequest));
            }
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
