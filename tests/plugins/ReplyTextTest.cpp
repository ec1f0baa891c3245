#include "common/ReplyText.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using mpsmtp::store::parseReplyText;

class ReplyTextTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ReplyTextTest);
    CPPUNIT_TEST(codesAndTextAreTakenApart);
    CPPUNIT_TEST(whatIsNoReplyIsNone);
    CPPUNIT_TEST_SUITE_END();

public:
    void codesAndTextAreTakenApart()
    {
        struct Row
        {
            const char* why;
            std::string input;
            unsigned code;
            std::string enhanced;
            std::string text;
        };

        const std::vector<Row> rows{
            {"all of it", "550 5.1.1 Moved away", 550, "5.1.1", "Moved away"},
            {"no code", "4.2.2 Full", 0, "4.2.2", "Full"},
            {"no enhanced code", "451 Later", 451, "", "Later"},
            {"no text", "550 5.1.1", 550, "5.1.1", ""},
            {"nothing but a code", "550", 550, "", ""},
            {"blanks", "  550\t5.1.1   Moved  away ", 550, "5.1.1", "Moved  away"},
            {"long numbers", "554 5.123.999 x", 554, "5.123.999", "x"},
            {"only looks like an enhanced code", "550 5.1 x", 550, "", "5.1 x"},
            {"a number too long", "550 5.1.1000 x", 550, "", "5.1.1000 x"},
            {"a success inside the text", "550 2.1.1 x", 550, "", "2.1.1 x"}};
        for (const Row& row : rows)
        {
            const auto reply = parseReplyText(row.input);
            CPPUNIT_ASSERT_MESSAGE(row.why, reply.has_value());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.code, reply->code);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.enhanced, reply->enhanced);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.text, reply->text);
        }
    }

    void whatIsNoReplyIsNone()
    {
        struct Row
        {
            const char* why;
            std::string input;
        };

        const std::vector<Row> rows{{"nothing", ""},
                                    {"text", "Moved away"},
                                    {"success", "250 2.0.0 Ok"},
                                    {"of two classes", "550 4.1.1 x"},
                                    {"no such code", "560 x"},
                                    {"four digits", "5500 x"},
                                    {"no class", "5..1 x"},
                                    {"a version", "5.10 x"},
                                    {"letters", "5.1.x x"}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_MESSAGE(row.why, !parseReplyText(row.input));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReplyTextTest);
