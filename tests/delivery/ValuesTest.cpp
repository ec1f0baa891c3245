// Tests of delivery/Values: each row is {why, input, expected}.
#include "delivery/Values.h"

#include <cppunit/extensions/HelperMacros.h>

#include <limits>
#include <string>

using namespace mpsmtp::delivery;

namespace
{

/// Readable in a failure: the number, or "none".
template <class Optional>
std::string shown(const Optional& value)
{
    return value ? std::to_string(*value) : "none";
}

struct Row
{
    const char* why;
    std::string_view input;
    std::string expected;
};

} // namespace

class ValuesTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ValuesTest);
    CPPUNIT_TEST(blanksAroundAreTrimmed);
    CPPUNIT_TEST(integersAreWholeAndDecimal);
    CPPUNIT_TEST(sizesHaveBinaryUnits);
    CPPUNIT_TEST(durationsAreMilliseconds);
    CPPUNIT_TEST(boolsHaveFourSpellings);
    CPPUNIT_TEST(modesAreOctal);
    CPPUNIT_TEST(listsArePartedByCommas);
    CPPUNIT_TEST(networksAreAddressesWithOptionalPrefix);
    CPPUNIT_TEST_SUITE_END();

public:
    void blanksAroundAreTrimmed()
    {
        for (const Row& row : {Row{"none", "a", "a"},
                               Row{"both sides", " \ta b\t ", "a b"},
                               Row{"only blanks", " \t ", ""},
                               Row{"empty", "", ""}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, std::string(trimmed(row.input)));
    }

    void integersAreWholeAndDecimal()
    {
        for (const Row& row : {Row{"zero", "0", "0"},
                               Row{"negative", "-7", "-7"},
                               Row{"largest", "9223372036854775807", "9223372036854775807"},
                               Row{"too large", "9223372036854775808", "none"},
                               Row{"fraction", "1.5", "none"},
                               Row{"rubbish behind", "12x", "none"},
                               Row{"plus", "+1", "none"},
                               Row{"blank", " 1", "none"},
                               Row{"empty", "", "none"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown(parseInteger(row.input)));
    }

    void sizesHaveBinaryUnits()
    {
        for (const Row& row : {Row{"octets", "10", "10"},
                               Row{"kibi", "10K", "10240"},
                               Row{"lower case", "10k", "10240"},
                               Row{"mebi", "50M", "52428800"},
                               Row{"gibi", "2G", "2147483648"},
                               Row{"largest", "9223372036854775807", "9223372036854775807"},
                               Row{"overflow by the unit", "9007199254740992K", "none"},
                               Row{"overflow by digits", "99999999999999999999", "none"},
                               Row{"negative", "-1", "none"},
                               Row{"unit alone", "M", "none"},
                               Row{"unknown unit", "1X", "none"},
                               Row{"unit with more", "1MB", "none"},
                               Row{"blank before the unit", "1 M", "none"},
                               Row{"empty", "", "none"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown(parseSize(row.input)));
    }

    void durationsAreMilliseconds()
    {
        for (const Row& row : {Row{"plain is seconds", "2", "2000"},
                               Row{"milliseconds", "250ms", "250"},
                               Row{"seconds", "30s", "30000"},
                               Row{"minutes", "5m", "300000"},
                               Row{"hours", "1h", "3600000"},
                               Row{"days", "7d", "604800000"},
                               Row{"zero", "0", "0"},
                               Row{"overflow", "9223372036854775807s", "none"},
                               Row{"negative", "-1s", "none"},
                               Row{"unknown unit", "1w", "none"},
                               Row{"empty", "", "none"}})
        {
            const auto value = parseDuration(row.input);
            const std::string text = value ? std::to_string(value->count()) : "none";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, text);
        }
    }

    void boolsHaveFourSpellings()
    {
        for (const char* text : {"yes", "true", "on", "1", "YES", "True"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, true, parseBool(text).value());
        for (const char* text : {"no", "false", "off", "0", "NO", "Off"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, false, parseBool(text).value());
        for (const char* text : {"", "y", "2", "yes ", "maybe"})
            CPPUNIT_ASSERT_MESSAGE(text, !parseBool(text));
    }

    void modesAreOctal()
    {
        for (const Row& row : {Row{"with zero", "0600", "384"},
                               Row{"without zero", "660", "432"},
                               Row{"all bits", "7777", "4095"},
                               Row{"too many bits", "10000", "none"},
                               Row{"not octal", "0680", "none"},
                               Row{"negative", "-600", "none"},
                               Row{"empty", "", "none"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown(parseOctal(row.input)));
    }

    void listsArePartedByCommas()
    {
        for (const Row& row : {Row{"one", "a", "[a]"},
                               Row{"trimmed", " a , b ", "[a][b]"},
                               Row{"empty items are left out", ",a,,b,", "[a][b]"},
                               Row{"inner blanks stay", "a b,c", "[a b][c]"},
                               Row{"empty", "", ""}})
        {
            std::string joined;
            for (const auto item : parseList(row.input))
                joined.append("[").append(item).append("]");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, joined);
        }
    }

    void networksAreAddressesWithOptionalPrefix()
    {
        for (const char* text :
             {"192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "::1", "2001:db8::/32", "::/128"})
            CPPUNIT_ASSERT_MESSAGE(text, isNetwork(text));
        for (const char* text : {"",
                                 "192.0.2",
                                 "192.0.2.0/33",
                                 "192.0.2.0/",
                                 "192.0.2.0/-1",
                                 "::/129",
                                 "host",
                                 "1.2.3.4/2/2",
                                 "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"})
            CPPUNIT_ASSERT_MESSAGE(text, !isNetwork(text));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ValuesTest);
