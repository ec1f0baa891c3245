// Tests of delivery/Rejection: the reply that a route gives.
#include "delivery/Rejection.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <variant>

using namespace mpsmtp::delivery;

namespace
{

/// "code|enhanced|text", or the mistake behind "! ".
std::string shown(std::string_view text)
{
    const auto parsed = parseRejection(text);
    if (const auto* mistake = std::get_if<std::string>(&parsed))
        return "! " + *mistake;
    const auto& reply = std::get<mpsmtp::smtp::Reply>(parsed);
    return std::to_string(reply.code) + "|" + reply.enhanced + "|" + reply.text;
}

struct Row
{
    const char* why;
    std::string text;
    std::string expected;
};

} // namespace

class RejectionTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(RejectionTest);
    CPPUNIT_TEST(whatIsLeftOutIsFilledIn);
    CPPUNIT_TEST(mistakesHaveASentence);
    CPPUNIT_TEST_SUITE_END();

public:
    void whatIsLeftOutIsFilledIn()
    {
        for (const Row& row :
             {Row{"all", "550 5.7.1 Relaying denied", "550|5.7.1|Relaying denied"},
              Row{"blanks", " 550\t 5.7.1  Not  here ", "550|5.7.1|Not  here"},
              Row{"a code", "550", "550|5.7.1|Mail to this recipient is not accepted"},
              Row{"a transient code", "450", "450|4.7.1|Not accepted now, try again later"},
              Row{"no text", "551 5.1.6", "551|5.1.6|Mail to this recipient is not accepted"},
              Row{"no enhanced code", "450 Later, please", "450|4.7.1|Later, please"},
              Row{"a number in the text", "554 3 strikes", "554|5.7.1|3 strikes"},
              Row{"long numbers", "550 5.123.456 x", "550|5.123.456|x"},
              Row{"as long as it may be",
                  "550 " + std::string(200, 'x'),
                  "550|5.7.1|" + std::string(200, 'x')}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown(row.text));
    }

    void mistakesHaveASentence()
    {
        const std::string noCode =
            "! must begin with a reply code from 400 to 559, as in 550 5.7.1 Relaying denied";
        for (const char* text :
             {"", "Relaying denied", "5.7.1 no", "250 ok", "354", "560", "55", "5500", "x50"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, noCode, shown(text));
        for (const Row& row :
             {Row{"it closes", "421 4.7.0 bye", "! = 421 would end the connection; use 450 or 451"},
              Row{"another class",
                  "550 4.7.1 no",
                  "! \"4.7.1\" does not fit 550: it must begin with 5"},
              Row{"class of success",
                  "450 2.0.0 no",
                  "! \"2.0.0\" is no enhanced status code such as 4.7.1"},
              Row{"two numbers",
                  "550 5.7 no",
                  "! \"5.7\" is no enhanced status code such as 5.7.1"},
              Row{"four numbers",
                  "550 5.7.1.1",
                  "! \"5.7.1.1\" is no enhanced status code such as 5.7.1"},
              Row{"a long number",
                  "550 5.1234.1",
                  "! \"5.1234.1\" is no enhanced status code such as 5.7.1"},
              Row{"an umlaut", "550 n\xc3\xb6", "! has a text that is not printable ASCII"},
              Row{"a second line", "550 a\r\n250 b", "! has a text that is not printable ASCII"},
              Row{"too long",
                  "550 " + std::string(201, 'x'),
                  "! has a text of more than 200 octets"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown(row.text));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RejectionTest);
