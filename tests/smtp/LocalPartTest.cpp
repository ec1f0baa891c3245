// The quoted form of local-parts.
#include "smtp/LocalPart.h"

#include <cppunit/extensions/HelperMacros.h>

#include <vector>

using namespace mpsmtp::smtp;

class LocalPartTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LocalPartTest);
    CPPUNIT_TEST(quotesStandOnlyWhereTheyMust);
    CPPUNIT_TEST_SUITE_END();

public:
    void quotesStandOnlyWhereTheyMust()
    {
        struct Row
        {
            const char* why;
            std::string localPart;
            std::string written;
        };

        const std::vector<Row> rows{
            {"atom", "ben", "ben"},
            {"dots inside", "b.e.n", "b.e.n"},
            {"UTF-8", "j\xc3\xb6rg", "j\xc3\xb6rg"},
            {"leading dot", ".a", "\".a\""},
            {"trailing dot", "a.", "\"a.\""},
            {"double dot", "a..b", "\"a..b\""},
            {"space", "a b", "\"a b\""},
            {"specials", "a@b,c", "\"a@b,c\""},
            {"quote and backslash", "a\"\\", "\"a\\\"\\\\\""},
            {"empty", "", "\"\""},
        };
        for (const Row& row : rows)
        {
            std::string written = "to ";
            appendLocalPart(written, row.localPart);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, "to " + row.written, written);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.localPart == row.written, isDotString(row.localPart));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LocalPartTest);
