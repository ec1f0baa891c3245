// Character classes over all 256 octets, and words.
#include "smtp/Ascii.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace mpsmtp::smtp;

namespace
{

std::string allOf(bool (*isMember)(char) noexcept)
{
    std::string members;
    for (int value = 0; value < 256; ++value)
    {
        if (isMember(static_cast<char>(value)))
            members += static_cast<char>(value);
    }
    return members;
}

const std::string upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const std::string lowerLetters = "abcdefghijklmnopqrstuvwxyz";

} // namespace

class AsciiTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(AsciiTest);
    CPPUNIT_TEST(classesHaveTheirMembersAndNoOther);
    CPPUNIT_TEST(onlyLettersHaveCase);
    CPPUNIT_TEST(comparisonIgnoresCaseOnly);
    CPPUNIT_TEST(wordsAreTakenOff);
    CPPUNIT_TEST_SUITE_END();

public:
    void classesHaveTheirMembersAndNoOther()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("0123456789"), allOf(isDigit));
        CPPUNIT_ASSERT_EQUAL(upperLetters + lowerLetters, allOf(isLetter));
        CPPUNIT_ASSERT_EQUAL(std::string("\t "), allOf(isBlank));
        CPPUNIT_ASSERT_EQUAL("!#$%&'*+-/0123456789=?" + upperLetters + "^_`" + lowerLetters +
                                 "{|}~",
                             allOf(isAtext));
        CPPUNIT_ASSERT_EQUAL(std::size_t(94), allOf(isGraphic).size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(33), allOf(isControl).size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(128), allOf(isAscii).size());
    }

    void onlyLettersHaveCase()
    {
        for (int value = 0; value < 256; ++value)
        {
            const char octet = static_cast<char>(value);
            const std::size_t upper = upperLetters.find(octet);
            const std::size_t lower = lowerLetters.find(octet);
            CPPUNIT_ASSERT_EQUAL(upper == std::string::npos ? octet : lowerLetters[upper],
                                 toLower(octet));
            CPPUNIT_ASSERT_EQUAL(lower == std::string::npos ? octet : upperLetters[lower],
                                 toUpper(octet));
        }
        CPPUNIT_ASSERT_EQUAL(10, hexValue('a'));
        CPPUNIT_ASSERT_EQUAL(15, hexValue('F'));
        CPPUNIT_ASSERT_EQUAL(9, hexValue('9'));
        CPPUNIT_ASSERT_EQUAL(-1, hexValue('g'));
        CPPUNIT_ASSERT_EQUAL(-1, hexValue('@'));
    }

    void comparisonIgnoresCaseOnly()
    {
        CPPUNIT_ASSERT(equalsIgnoringCase("MaIl", "mAiL"));
        CPPUNIT_ASSERT(equalsIgnoringCase("", ""));
        CPPUNIT_ASSERT(!equalsIgnoringCase("MAIL", "MAILS"));
        CPPUNIT_ASSERT(!equalsIgnoringCase("[", "{"));
        CPPUNIT_ASSERT(startsWithIgnoringCase("from:<>", "FROM:"));
        CPPUNIT_ASSERT(!startsWithIgnoringCase("from", "FROM:"));
    }

    void wordsAreTakenOff()
    {
        std::string_view text = "a \t bc  ";
        CPPUNIT_ASSERT(takeWord(text) == "a");
        CPPUNIT_ASSERT(takeWord(text) == "bc");
        CPPUNIT_ASSERT(text.empty());
        CPPUNIT_ASSERT(takeWord(text).empty());
        CPPUNIT_ASSERT(trimmed(" \t a b\t ") == "a b");
        CPPUNIT_ASSERT(trimmed(" \t ").empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AsciiTest);
