// The words for what differs between two files.
#include "app/ConfigurationChanges.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace mpsmtp::app;

class ConfigurationChangesTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ConfigurationChangesTest);
    CPPUNIT_TEST(everyKindOfChangeHasItsWords);
    CPPUNIT_TEST_SUITE_END();

    void everyKindOfChangeHasItsWords()
    {
        struct Row
        {
            const char* why;
            const char* before;
            const char* after;
            const char* expected;
        };

        const Row rows[] = {
            {"the same", "[a]\nx = 1\n", "[a]\nx = 1\n", "nothing"},
            {"comments and places do not count",
             "[a]\nx = 1\n",
             "; new\n[a]\n\nx = \"1\"\n",
             "nothing"},
            {"another value", "[a]\nx = 1\ny = 2\n", "[a]\nx = 2\ny = 2\n", "[a] x"},
            {"no value is shown", "[a]\nsecret = p\n", "[a]\nsecret = q\n", "[a] secret"},
            {"a key that is new", "[a]\nx = 1\n", "[a]\nx = 1\ny = 2\n", "[a] y"},
            {"a key that is gone", "[a]\nx = 1\ny = 2\n", "[a]\ny = 2\n", "[a] x"},
            {"several keys", "[a]\nx = 1\nz = 1\n", "[a]\nx = 2\ny = 2\n", "[a] x, y, z"},
            {"a section that is new", "[a]\nx = 1\n", "[a]\nx = 1\n[b]\nx = 1\n", "[b] added"},
            {"a section that is gone", "[a]\nx = 1\n[b]\n", "[a]\nx = 1\n", "[b] removed"},
            {"handlers run in the order of the file",
             "[handler:a]\n[handler:b]\n",
             "[handler:b]\n[handler:a]\n",
             "the order of the sections"},
            {"a section between is not another order",
             "[a]\n[c]\n",
             "[a]\n[b]\n[c]\n",
             "[b] added"},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why,
                                         std::string(row.expected),
                                         describeChanges(readIni(row.before, "x").sections,
                                                         readIni(row.after, "x").sections));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConfigurationChangesTest);
