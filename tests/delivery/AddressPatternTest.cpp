// Tests of delivery/AddressPattern: what an item of an address list matches, and what it may not be.
#include "delivery/AddressPattern.h"

#include "delivery/RouteSupport.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <variant>

using namespace mpsmtp::delivery;
using mpsmtp::delivery::test::pathOf;

class AddressPatternTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(AddressPatternTest);
    CPPUNIT_TEST(starsStandForAnything);
    CPPUNIT_TEST(manyStarsTakeNoLongTime);
    CPPUNIT_TEST(patternsMatchAddresses);
    CPPUNIT_TEST(mistakesHaveASentence);
    CPPUNIT_TEST(anExactAddressIsCanonical);
    CPPUNIT_TEST_SUITE_END();

public:
    void starsStandForAnything()
    {
        struct Row
        {
            const char* why;
            const char* pattern;
            const char* text;
            bool expected;
        };

        for (const Row& row : {Row{"equal", "abc", "abc", true},
                               Row{"case", "aBc", "AbC", true},
                               Row{"shorter", "abc", "ab", false},
                               Row{"longer", "ab", "abc", false},
                               Row{"nothing", "", "", true},
                               Row{"a star for nothing", "*", "", true},
                               Row{"a star for all", "*", "abc", true},
                               Row{"in front", "*c", "abc", true},
                               Row{"behind", "a*", "abc", true},
                               Row{"in the middle", "a*c", "abbc", true},
                               Row{"for nothing in the middle", "a*c", "ac", true},
                               Row{"two", "a*b*c", "aXbYc", true},
                               Row{"two neighbours", "a**c", "abc", true},
                               Row{"the first fit is not the last", "*ab", "aab", true},
                               Row{"a later star is tried again", "*a*b", "aXaXXb", true},
                               Row{"no fit", "a*b*c", "aXcYb", false},
                               Row{"all octets are needed once", "ab*ba", "aba", false},
                               Row{"umlauts are octets", "m\xc3\xbc*", "m\xc3\xbcx", true},
                               Row{"and have their case", "\xc3\xbc", "\xc3\x9c", false}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, matchesGlob(row.pattern, row.text));
    }

    void manyStarsTakeNoLongTime()
    {
        std::string pattern;
        for (int i = 0; i < 30; ++i)
            pattern += "*a";
        CPPUNIT_ASSERT(!matchesGlob(pattern + "b", std::string(250, 'a')));
    }

    void patternsMatchAddresses()
    {
        struct Row
        {
            const char* why;
            const char* pattern;
            const char* address;
            bool expected;
        };

        for (const Row& row :
             {Row{"itself", "ben@example.com", "ben@example.com", true},
              Row{"the case of either half", "Ben@EXAMPLE.com", "bEN@example.COM", true},
              Row{"another local-part", "ben@example.com", "eve@example.com", false},
              Row{"another domain", "ben@example.com", "ben@example.net", false},
              Row{"a dot at the end of the domain", "ben@example.com.", "ben@example.com", true},
              Row{"quotes without need", "\"ben\"@example.com", "ben@example.com", true},
              Row{"quotes with need", "\"a b\"@example.com", "\"a b\"@example.com", true},
              Row{"a quoted @", "\"a@b\"@example.com", "\"a@b\"@example.com", true},
              Row{"a quoted quote", R"("a\"b"@example.com)", R"("a\"b"@example.com)", true},
              Row{"a quoted star is a star", "\"*\"@example.com", "\"*\"@example.com", true},
              Row{"and no glob", "\"*\"@example.com", "ben@example.com", false},
              Row{"any domain", "help@*", "help@a.b.c", true},
              Row{"any domain, another local-part", "help@*", "helpx@a.b.c", false},
              Row{"a local-part's part", "ben+*@d.example", "ben+lists@d.example", true},
              Row{"a local-part's part, none", "ben+*@d.example", "ben@d.example", false},
              Row{"sub-domains", "*@*.example.com", "a@x.y.example.com", true},
              Row{"which the domain is not", "*@*.example.com", "a@example.com", false},
              Row{"nor its neighbour", "*@*.example.com", "a@badexample.com", false},
              Row{"the @ is no part of a star", "*@*", "a@b", true},
              Row{"an address literal", "a@[192.0.2.1]", "a@[192.0.2.1]", true},
              Row{"an IPv6 literal", "a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]", true},
              Row{"UTF-8",
                  "m\xc3\xbcller@b\xc3\xbc.example",
                  "m\xc3\xbcller@b\xc3\xbc.example",
                  true},
              Row{"UTF-8 keeps its case", "\xc3\xbc@a.example", "\xc3\x9c@a.example", false}})
        {
            const auto parsed = AddressPattern::parse(row.pattern);
            CPPUNIT_ASSERT_MESSAGE(row.why, std::holds_alternative<AddressPattern>(parsed));
            const auto path = pathOf(row.address);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why,
                row.expected,
                std::get<AddressPattern>(parsed).matches(path.localPart, path.domain));
        }
    }

    void mistakesHaveASentence()
    {
        struct Row
        {
            const char* why;
            const char* pattern;
            const char* expected;
        };

        const char* const noLocalPart =
            "is no address: what stands in front of the @ is no local-part";
        const char* const noDomain = "is no address: what stands behind the @ is no domain";
        for (const Row& row :
             {Row{"no local-part",
                  "@example.com",
                  "has nothing in front of the @; write *@example.com"},
              Row{"no domain", "ben@", "has no domain behind the @; write @* for every domain"},
              Row{"a blank", "a b@c", noLocalPart},
              Row{"a bracket", "<a@b>", noLocalPart},
              Row{"an open quote", "\"a@b", noLocalPart},
              Row{"empty quotes", "\"\"@b", noLocalPart},
              Row{"quotes in the middle", "a\"b\"@c", noLocalPart},
              Row{"something behind the quotes", "\"a\"b@c", noLocalPart},
              Row{"a control octet in quotes", "\"a\tb\"@c", noLocalPart},
              Row{"no UTF-8", "\xff@c", noLocalPart},
              Row{"two @", "a@b@c", noDomain},
              Row{"two dots", "a@*..com", noDomain},
              Row{"a blank in the domain", "a@b c", noDomain},
              Row{"an open literal", "a@[192.0.2.1", noDomain},
              Row{"a glob in a literal", "a@[192.0.2.*]", noDomain},
              Row{"a NUL", "a@b\x01", noDomain}})
        {
            const auto parsed = AddressPattern::parse(row.pattern);
            CPPUNIT_ASSERT_MESSAGE(row.why, std::holds_alternative<std::string>(parsed));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, std::string(row.expected), std::get<std::string>(parsed));
        }
    }

    void anExactAddressIsCanonical()
    {
        const auto exact = [](const char* text)
        { return std::get<AddressPattern>(AddressPattern::parse(text)).exactAddress(); };
        CPPUNIT_ASSERT_EQUAL(std::string("ben@d.example"), exact("\"ben\"@d.example.").value());
        CPPUNIT_ASSERT_EQUAL(std::string("\"a b\"@d"), exact("\"a b\"@d").value());
        CPPUNIT_ASSERT(!exact("ben@*"));
        CPPUNIT_ASSERT(!exact("*@d"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AddressPatternTest);
