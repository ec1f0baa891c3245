// Values of RET, ENVID, NOTIFY and ORCPT.
#include "smtp/DsnParameters.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::smtp;

class DsnParametersTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DsnParametersTest);
    CPPUNIT_TEST(envidIsPrintableXtext);
    CPPUNIT_TEST(notifyIsNeverOrAList);
    CPPUNIT_TEST(orcptHasATypeAndAnAddress);
    CPPUNIT_TEST_SUITE_END();

public:
    void envidIsPrintableXtext()
    {
        const std::vector<std::pair<std::string, bool>> rows{
            {"QQ314159", true},
            {"a+20b", true},        // a space
            {"a+0D+0AFrom", false}, // a line end in somebody's report
            {"a+00", false},        // NUL
            {"a+C3+A9", false},     // beyond ASCII
            {"+", false},           // half a hexchar
            {"", false},            // esmtp-value has an octet
            {std::string(100, 'x'), true},
            {std::string(101, 'x'), false},
        };
        for (const auto& [value, expected] : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(value, expected, isEnvidValue(value));
    }

    void notifyIsNeverOrAList()
    {
        const std::vector<std::pair<std::string, bool>> rows{
            {"NEVER", true},
            {"never", true},
            {"SUCCESS", true},
            {"FAILURE", true},
            {"DELAY", true},
            {"SUCCESS,FAILURE,DELAY", true},
            {"DELAY,success", true},
            {"NEVER,DELAY", false},
            {"DELAY,NEVER", false},
            {"NEVER,NEVER", false},
            {"DELAY,", false},
            {",DELAY", false},
            {"DELAY,,SUCCESS", false},
            {"ALWAYS", false},
            {"", false},
        };
        for (const auto& [value, expected] : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(value, expected, isNotifyValue(value));
    }

    void orcptHasATypeAndAnAddress()
    {
        struct Row
        {
            const char* why;
            std::string value;
            bool ascii; // accepted without SMTPUTF8
            bool utf8;  // accepted with it
        };

        const std::vector<Row> rows{
            {"plain", "rfc822;a@b", true, true},
            {"encoded", "rfc822;a+2Bx@b", true, true},
            {"another type", "x400;abc", true, true},
            {"no type", ";a@b", false, false},
            {"no semicolon", "a@b", false, false},
            {"no address", "rfc822;", false, false},
            {"type is no atom", "rfc 822;a@b", false, false},
            {"line end in disguise", "rfc822;a+0Ab", false, false},
            {"not xtext", "rfc822;a+b", false, false},
            {"UTF-8 in another type", "rfc822;\xc3\xa9@b", false, false},
            {"utf-8, ASCII form", "utf-8;j\\x{F6}rg@b", true, true},
            {"utf-8, type in upper case", "UTF-8;j\\x{F6}rg@b", true, true},
            {"utf-8, native form", "utf-8;j\xc3\xb6rg@b", false, true},
            {"utf-8, invalid octets", "utf-8;j\xf6rg@b", false, false},
            {"utf-8, no address", "utf-8;", false, false},
            {"500 octets", "rfc822;" + std::string(493, 'a'), true, true},
            {"501 octets", "rfc822;" + std::string(494, 'a'), false, false},
        };
        for (const Row& row : rows)
        {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.ascii, isOrcptValue(row.value, false));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.utf8, isOrcptValue(row.value, true));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DsnParametersTest);
