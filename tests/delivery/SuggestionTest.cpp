// Tests of delivery/Suggestion.
#include "delivery/Suggestion.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>

using namespace mpsmtp::delivery;

class SuggestionTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SuggestionTest);
    CPPUNIT_TEST(distanceCountsEdits);
    CPPUNIT_TEST(nearestNameIsSuggested);
    CPPUNIT_TEST(farNamesAreNotSuggested);
    CPPUNIT_TEST(anyRangeOfNamesWillDo);
    CPPUNIT_TEST_SUITE_END();

public:
    void distanceCountsEdits()
    {
        struct Row
        {
            const char* why;
            std::string_view a;
            std::string_view b;
            std::size_t expected;
        };

        for (const Row& row : {Row{"equal", "path", "path", 0},
                               Row{"case is ignored", "Path", "pATH", 0},
                               Row{"insert", "pth", "path", 1},
                               Row{"delete", "paath", "path", 1},
                               Row{"replace", "pith", "path", 1},
                               Row{"swap", "paht", "path", 1},
                               Row{"both empty", "", "", 0},
                               Row{"one empty", "", "abc", 3},
                               Row{"the other empty", "abc", "", 3},
                               Row{"nothing shared", "abc", "xyz", 3},
                               Row{"aligned variant", "ca", "abc", 3}})
        {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, editDistance(row.a, row.b));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, editDistance(row.b, row.a));
        }
    }

    void nearestNameIsSuggested()
    {
        const std::vector<std::string_view> names{"mode", "path", "patch"};
        CPPUNIT_ASSERT_EQUAL(std::string(" (did you mean \"path\"?)"), didYouMean("pth", names));
        CPPUNIT_ASSERT_EQUAL(std::string(" (did you mean \"patch\"?)"), didYouMean("ptach", names));
        CPPUNIT_ASSERT_EQUAL(std::string(" (did you mean \"mode\"?)"), didYouMean("MODE", names));
    }

    void farNamesAreNotSuggested()
    {
        const std::vector<std::string_view> names{"mode", "path", ""};
        CPPUNIT_ASSERT_EQUAL(std::string(), didYouMean("durability", names));
        CPPUNIT_ASSERT_EQUAL(std::string(), didYouMean("x", names));
        CPPUNIT_ASSERT_EQUAL(std::string(), didYouMean("pth", std::vector<std::string_view>{}));
    }

    void anyRangeOfNamesWillDo()
    {
        const std::array<const char*, 2> names{"mbox", "maildir"};
        CPPUNIT_ASSERT_EQUAL(std::string(" (did you mean \"maildir\"?)"),
                             didYouMean("mailder", names));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SuggestionTest);
