// Well-formed UTF-8, by examples and by every sequence of an obvious encoder.
#include "smtp/Utf8.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::smtp;

namespace
{

std::string encoded(char32_t value)
{
    const auto tail = [value](unsigned shift)
    { return static_cast<char>(0x80 | (value >> shift & 0x3f)); };
    if (value < 0x80)
        return {static_cast<char>(value)};
    if (value < 0x800)
        return {static_cast<char>(0xc0 | value >> 6), tail(0)};
    if (value < 0x10000)
        return {static_cast<char>(0xe0 | value >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | value >> 18), tail(12), tail(6), tail(0)};
}

} // namespace

class Utf8Test : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(Utf8Test);
    CPPUNIT_TEST(everyCodePointIsRead);
    CPPUNIT_TEST(whatIsNotWellFormedIsRefused);
    CPPUNIT_TEST(aBadOctetIsSeenAtEveryPosition);
    CPPUNIT_TEST(invisibleCodePointsAreKnown);
    CPPUNIT_TEST(harmlessTextHasNoLineEndsOfItsOwn);
    CPPUNIT_TEST_SUITE_END();

public:
    void everyCodePointIsRead()
    {
        for (char32_t value = 0; value <= 0x110000; ++value)
        {
            const std::string text = encoded(value);
            const bool isScalar = (value < 0xd800 || value > 0xdfff) && value <= 0x10ffff;
            const CodePoint read = frontCodePoint(text);
            const bool isRead = read.octets == text.size() && read.value == value;
            if (isRead != isScalar || isValidUtf8(text) != isScalar)
                CPPUNIT_FAIL("code point " + std::to_string(static_cast<unsigned long>(value)));
        }
    }

    void whatIsNotWellFormedIsRefused()
    {
        const std::vector<std::pair<const char*, std::string>> rows{
            {"a tail alone", "\x80"},
            {"overlong NUL", "\xc0\x80"},
            {"overlong slash in two", "\xc0\xaf"},
            {"overlong slash in three", "\xe0\x80\xaf"},
            {"overlong slash in four", "\xf0\x80\x80\xaf"},
            {"surrogate", "\xed\xa0\x80"},
            {"beyond U+10FFFF", "\xf4\x90\x80\x80"},
            {"five octets", "\xf8\x88\x80\x80\x80"},
            {"FE", "\xfe"},
            {"FF", "\xff"},
            {"cut in two", "\xc3"},
            {"cut in three", "\xe2\x82"},
            {"cut in four", "\xf0\x9f\x98"},
            {"a letter for a tail", "\xc3z"},
            {"Latin-1", "caf\xe9 au lait"},
        };
        for (const auto& [why, text] : rows)
            CPPUNIT_ASSERT_MESSAGE(why, !isValidUtf8(text));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), frontCodePoint("").octets);
        CPPUNIT_ASSERT(isValidUtf8(""));
    }

    void aBadOctetIsSeenAtEveryPosition()
    {
        for (std::size_t at = 0; at < 40; ++at)
        {
            std::string text(40, 'a');
            text[at] = '\xff';
            CPPUNIT_ASSERT(!isValidUtf8(text));
            text.replace(at, 1, "\xc3\xa9");
            CPPUNIT_ASSERT(isValidUtf8(text));
        }
    }

    void invisibleCodePointsAreKnown()
    {
        for (const char32_t value : {0x0,    0xa,    0x1f,   0x7f,   0x80,    0x9f,    0xad,
                                     0x61c,  0x200b, 0x200f, 0x2028, 0x202e,  0x2066,  0x2069,
                                     0xfeff, 0xe000, 0xfdd0, 0xfffe, 0x1ffff, 0xe0041, 0x10ffff})
            CPPUNIT_ASSERT_MESSAGE(std::to_string(static_cast<unsigned long>(value)),
                                   isInvisible(value));
        for (const char32_t value : {0x20,
                                     0x7e,
                                     0xa0,
                                     0xe9,
                                     0xac,
                                     0xae,
                                     0x61b,
                                     0x61d,
                                     0x2027,
                                     0x202f,
                                     0x20ac,
                                     0x65e5,
                                     0xfffd,
                                     0x1f600})
            CPPUNIT_ASSERT_MESSAGE(std::to_string(static_cast<unsigned long>(value)),
                                   !isInvisible(value));
    }

    void harmlessTextHasNoLineEndsOfItsOwn()
    {
        CPPUNIT_ASSERT(isHarmlessUtf8("j\xc3\xb6rg"));
        CPPUNIT_ASSERT(isHarmlessUtf8("\xc2\xa0"));
        CPPUNIT_ASSERT(!isHarmlessUtf8("\xc2\x80"));
        CPPUNIT_ASSERT(!isHarmlessUtf8("\xc2\x9f"));
        CPPUNIT_ASSERT(!isHarmlessUtf8("a\xe2\x80\xa8"));
        CPPUNIT_ASSERT(!isHarmlessUtf8("a\xe2\x80\xa9"));
        CPPUNIT_ASSERT(!isHarmlessUtf8("\xff"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(Utf8Test);
