// Client text in logs: nothing but visible text comes out, and it can be read back.
#include "smtp/Printable.h"

#include <cppunit/extensions/HelperMacros.h>

#include <vector>

using namespace mpsmtp::smtp;

class PrintableTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PrintableTest);
    CPPUNIT_TEST(whatIsNotVisibleIsEscaped);
    CPPUNIT_TEST(everyOctetAloneBecomesPrintableAscii);
    CPPUNIT_TEST(textIsAppended);
    CPPUNIT_TEST_SUITE_END();

public:
    void whatIsNotVisibleIsEscaped()
    {
        struct Row
        {
            const char* why;
            std::string text;
            std::string expected;
            std::string ascii;
        };

        const std::vector<Row> rows{
            {"empty", "", "", ""},
            {"plain", "HELO a b", "HELO a b", "HELO a b"},
            {"backslash", "a\\x0Db", "a\\x5Cx0Db", "a\\x5Cx0Db"},
            {"line end", "a\r\nb", "a\\x0D\\x0Ab", "a\\x0D\\x0Ab"},
            {"NUL", std::string("\0", 1), "\\x00", "\\x00"},
            {"terminal escape", "\x1b[2J", "\\x1B[2J", "\\x1B[2J"},
            {"DEL", "\x7f", "\\x7F", "\\x7F"},
            {"UTF-8", "\xc3\xa9", "\xc3\xa9", "\\xC3\\xA9"},
            {"emoji", "\xf0\x9f\x98\x80!", "\xf0\x9f\x98\x80!", "\\xF0\\x9F\\x98\\x80!"},
            {"Latin-1", "caf\xe9!", "caf\\xE9!", "caf\\xE9!"},
            {"cut sequence", "\xe2\x82", "\\xE2\\x82", "\\xE2\\x82"},
            {"C1 control", "\xc2\x9b", "\\xC2\\x9B", "\\xC2\\x9B"},
            {"right-to-left override",
             "a\xe2\x80\xae"
             "b",
             "a\\xE2\\x80\\xAEb",
             "a\\xE2\\x80\\xAEb"},
            {"line separator", "\xe2\x80\xa8", "\\xE2\\x80\\xA8", "\\xE2\\x80\\xA8"},
            {"zero width space", "\xe2\x80\x8b", "\\xE2\\x80\\x8B", "\\xE2\\x80\\x8B"},
        };
        for (const Row& row : rows)
        {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, printable(row.text));
            std::string ascii;
            appendPrintableAscii(ascii, row.text);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.ascii, ascii);
        }
    }

    void everyOctetAloneBecomesPrintableAscii()
    {
        for (int value = 0; value < 256; ++value)
        {
            for (const char octet : printable(std::string(1, static_cast<char>(value))))
                CPPUNIT_ASSERT(octet >= ' ' && octet <= '~');
        }
    }

    void textIsAppended()
    {
        std::string out = "> ";
        appendPrintable(out, "a\t");
        CPPUNIT_ASSERT_EQUAL(std::string("> a\\x09"), out);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PrintableTest);
