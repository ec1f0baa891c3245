#include "common/Utf8.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::store;

namespace
{

struct Row
{
    const char* why;
    std::string octets;
    std::size_t length;
    char32_t value;
};

} // namespace

class Utf8Test : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(Utf8Test);
    CPPUNIT_TEST(firstCodePointIsFoundStrictly);
    CPPUNIT_TEST(cutCodePointsAreTold);
    CPPUNIT_TEST(unseenCodePointsAreKnown);
    CPPUNIT_TEST_SUITE_END();

public:
    void firstCodePointIsFoundStrictly()
    {
        const std::vector<Row> rows{
            {"ASCII", "a", 1, 'a'},
            {"NUL", std::string(1, '\0'), 1, 0},
            {"last of one octet", "\x7F", 1, 0x7F},
            {"two octets", "\xC3\xBC", 2, 0xFC},
            {"first of two octets", "\xC2\x80", 2, 0x80},
            {"three octets", "\xE2\x82\xAC", 3, 0x20AC},
            {"four octets", "\xF0\x9F\x98\x80", 4, 0x1F600},
            {"last code point", "\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
            {"only the first counts", "\xC3\xBC\xFF", 2, 0xFC},
            {"overlong slash", "\xC0\xAF", 0, 0},
            {"overlong slash in three", "\xE0\x80\xAF", 0, 0},
            {"overlong in four", "\xF0\x80\x80\xAF", 0, 0},
            {"surrogate", "\xED\xA0\x80", 0, 0},
            {"beyond the last", "\xF4\x90\x80\x80", 0, 0},
            {"first octet that never is", "\xF5\x80\x80\x80", 0, 0},
            {"continuation alone", "\x80", 0, 0},
            {"cut", "\xE2\x82", 0, 0},
            {"broken by ASCII", "\xE2\x82(", 0, 0},
            {"Latin-1", "\xFC", 0, 0},
        };
        for (const Row& row : rows)
        {
            const CodePoint point = firstCodePoint(row.octets);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.length, point.length);
            CPPUNIT_ASSERT_MESSAGE(row.why, row.value == point.value);
        }
    }

    void cutCodePointsAreTold()
    {
        CPPUNIT_ASSERT(isCutCodePoint("\xE2\x82"));
        CPPUNIT_ASSERT(isCutCodePoint("\xF0\x9F\x98"));
        CPPUNIT_ASSERT(isCutCodePoint("\xC3"));
        CPPUNIT_ASSERT(!isCutCodePoint("a"));
        CPPUNIT_ASSERT(!isCutCodePoint("\xE2("));
        CPPUNIT_ASSERT(!isCutCodePoint("\x80"));
        CPPUNIT_ASSERT(!isCutCodePoint("\xC3\xBC"));
    }

    void unseenCodePointsAreKnown()
    {
        for (const char32_t unseen : {0x00,
                                      0x1B,
                                      0x7F,
                                      0x85,
                                      0x9F,
                                      0xAD,
                                      0x61C,
                                      0x200B,
                                      0x200E,
                                      0x2028,
                                      0x202E,
                                      0x2066,
                                      0xFEFF,
                                      0xE0041})
            CPPUNIT_ASSERT_MESSAGE(std::to_string(static_cast<unsigned>(unseen)), isUnseen(unseen));
        for (const char32_t seen : {0x20, 0x41, 0x7E, 0xA0, 0xFC, 0x3B1, 0x2010, 0x4E2D, 0x1F600})
            CPPUNIT_ASSERT_MESSAGE(std::to_string(static_cast<unsigned>(seen)), !isUnseen(seen));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(Utf8Test);
