// Bare newlines are seen wherever the input is split.
#include "smtp/NewlineScanner.h"

#include "smtp/Feeding.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace mpsmtp::smtp;

class NewlineScannerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(NewlineScannerTest);
    CPPUNIT_TEST(bareNewlinesAreFound);
    CPPUNIT_TEST(resetForgets);
    CPPUNIT_TEST_SUITE_END();

public:
    void bareNewlinesAreFound()
    {
        struct Row
        {
            const char* why;
            std::string data;
            bool expected;
        };

        const std::string wide(40, 'x');
        const std::vector<Row> rows{
            {"nothing", "", false},
            {"no newline", "abc", false},
            {"CRLF", "a\r\nb\r\n", false},
            {"CRLF alone", "\r\n", false},
            {"CRLF twice", "\r\n\r\n", false},
            {"bare LF", "a\nb", true},
            {"LF first", "\na", true},
            {"bare CR", "a\rb", true},
            {"CR last", "a\r", true},
            {"CR CR LF", "a\r\r\n", true},
            {"LF CR", "a\n\r", true},
            {"CRLF LF", "a\r\n\n", true},
            {"NUL between", std::string("\r\0\n", 3), true},
            {"long and good", wide + "\r\n" + wide + "\r\n", false},
            {"long, bare LF at the end", wide + "\r\n" + wide + "\n", true},
            {"long, bare CR inside", wide + "\r" + wide + "\r\n", true},
        };
        for (const Row& row : rows)
        {
            for (const feeding::Pieces& pieces : feeding::waysToFeed(row.data))
            {
                NewlineScanner scanner;
                for (const std::string& piece : pieces)
                    scanner.scan(piece);
                scanner.finish();
                CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, scanner.foundBareNewline());
            }
        }
    }

    void resetForgets()
    {
        NewlineScanner scanner;
        scanner.scan("\na\r");
        scanner.reset();
        scanner.scan("a\r\n");
        scanner.finish();
        CPPUNIT_ASSERT(!scanner.foundBareNewline());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NewlineScannerTest);
