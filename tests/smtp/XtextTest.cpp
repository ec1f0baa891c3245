// xtext of RFC 3461 and the address text of RFC 6533.
#include "smtp/Xtext.h"

#include <cppunit/extensions/HelperMacros.h>

#include <vector>

using namespace mpsmtp::smtp;

class XtextTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(XtextTest);
    CPPUNIT_TEST(xtextIsDecoded);
    CPPUNIT_TEST(everyOctetCanBeEncoded);
    CPPUNIT_TEST(utf8AddressesAreChecked);
    CPPUNIT_TEST_SUITE_END();

public:
    void xtextIsDecoded()
    {
        struct Row
        {
            const char* why;
            std::string text;
            std::optional<std::string> expected;
        };

        const std::vector<Row> rows{
            {"empty", "", ""},
            {"plain", "abc@d", "abc@d"},
            {"plus and equals", "a+2B+3D", "a+="},
            {"lower case is understood", "a+2b+3d", "a+="},
            {"NUL", "+00", std::string(1, '\0')},
            {"mixed", "+41b+43", "AbC"},
            {"plus at the end", "a+", std::nullopt},
            {"one digit", "a+2", std::nullopt},
            {"no digits", "a+zz", std::nullopt},
            {"bare equals", "a=b", std::nullopt},
            {"space", "a b", std::nullopt},
            {"control", "a\x01", std::nullopt},
            {"DEL", "a\x7f", std::nullopt},
            {"beyond ASCII", "\xc3\xa9", std::nullopt},
        };
        for (const Row& row : rows)
        {
            CPPUNIT_ASSERT_MESSAGE(row.why, row.expected == decodeXtext(row.text));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected.has_value(), isXtext(row.text));
        }
    }

    void everyOctetCanBeEncoded()
    {
        for (int value = 0; value < 256; ++value)
        {
            const char* digits = "0123456789ABCDEF";
            const std::string text{'+', digits[value / 16], digits[value % 16]};
            CPPUNIT_ASSERT(decodeXtext(text) == std::string(1, static_cast<char>(value)));
        }
    }

    void utf8AddressesAreChecked()
    {
        const std::vector<std::pair<std::string, bool>> rows{
            {"", true},
            {"a@b", true},
            {"j\\x{F6}rg@b", true},
            {"\\x{2B}\\x{3D}", true},
            {"\\x{5C}", true},
            {"\\x{1F600}", true},
            {"\\x{10FFFF}", true},
            {"\\x{110000}", false}, // beyond Unicode
            {"\\x{D800}", false},   // surrogate
            {"\\x{0F6}", false},    // leading zero
            {"\\x{F}", false},      // one digit
            {"\\x{}", false},
            {"\\x{1234567}", false},
            {"\\x{zz}", false},
            {"\\x{F6", false},
            {"\\xF6", false},
            {"\\", false},
            {"a+b", false},
            {"a=b", false},
            {"a b", false},
            {"j\xc3\xb6rg", true},
            {"j\xf6rg", false},
        };
        for (const auto& [text, expected] : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, expected, isUtf8AddressText(text));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(XtextTest);
