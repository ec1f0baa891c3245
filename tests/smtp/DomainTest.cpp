// Domains, address literals and HELO arguments.
#include "smtp/Domain.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::smtp;

class DomainTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DomainTest);
    CPPUNIT_TEST(domainsFollowTheGrammar);
    CPPUNIT_TEST(addressLiteralsFollowTheGrammar);
    CPPUNIT_TEST(ipv6AddressesFollowTheGrammar);
    CPPUNIT_TEST(heloIsCheckedStrictlyOrLeniently);
    CPPUNIT_TEST_SUITE_END();

public:
    void domainsFollowTheGrammar()
    {
        struct Row
        {
            const char* why;
            std::string text;
            bool strict;
            bool lenient;
        };

        const std::string label63(63, 'a');
        const std::string longest = label63 + "." + label63 + "." + label63 + "." + label63; // 255
        const std::vector<Row> rows{
            {"one label", "localhost", true, true},
            {"several", "mx.Example.com", true, true},
            {"digits may lead (RFC 1123 2.1)", "1und1.de", true, true},
            {"inner hyphens", "a--b.example", true, true},
            {"punycode", "xn--bcher-kva.example", true, true},
            {"UTF-8",
             "b\xc3\xbc"
             "cher.example",
             true,
             true},
            {"empty", "", false, false},
            {"leading dot", ".a", false, false},
            {"double dot", "a..b", false, false},
            {"trailing dot", "a.b.", false, true},
            {"two trailing dots", "a.b..", false, false},
            {"a dot alone", ".", false, false},
            {"underscore", "web_1", false, true},
            {"leading hyphen", "-a.b", false, true},
            {"trailing hyphen", "a-.b", false, true},
            {"label of 63", label63 + ".b", true, true},
            {"label of 64", label63 + "a.b", false, true},
            {"255 octets", longest, true, true},
            {"256 octets", longest + "a", false, false},
            {"space", "a b", false, false},
            {"NUL", std::string("a\0b", 3), false, false},
            {"CR", "a\rb", false, false},
            {"DEL", "a\x7f", false, false},
            {"at sign", "a@b", false, false},
            {"slash", "a/b", false, false},
            {"invalid UTF-8", "a\xff", false, false},
            {"C1 control in UTF-8", "a\xc2\x85", false, false},
            {"address literal", "[127.0.0.1]", false, false},
        };
        for (const Row& row : rows)
        {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.strict, isDomain(row.text));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.lenient, isLenientDomain(row.text));
        }
    }

    void addressLiteralsFollowTheGrammar()
    {
        struct Row
        {
            const char* why;
            std::string text;
            bool expected;
        };

        const std::vector<Row> rows{
            {"IPv4", "[192.0.2.1]", true},
            {"largest numbers", "[255.255.255.255]", true},
            {"leading zeros are digits", "[001.000.0.01]", true},
            {"number above 255", "[256.0.0.1]", false},
            {"four digits", "[0001.0.0.1]", false},
            {"three numbers", "[1.2.3]", false},
            {"five numbers", "[1.2.3.4.5]", false},
            {"empty number", "[1..3.4]", false},
            {"sign", "[+1.2.3.4]", false},
            {"IPv6", "[IPv6:2001:db8::1]", true},
            {"tags ignore case", "[ipv6:::1]", true},
            {"IPv6 without tag", "[::1]", false},
            {"bad IPv6", "[IPv6:2001:db8::1::2]", false},
            {"empty IPv6", "[IPv6:]", false},
            {"general", "[x-400:content;#1]", true},
            {"general, tag ends in hyphen", "[x-:content]", false},
            {"general without content", "[x:]", false},
            {"general with bracket inside", "[x:a]b]", false},
            {"general with backslash", "[x:a\\b]", false},
            {"general with space", "[x:a b]", false},
            {"general with non-ASCII", "[x:\xc3\xbc]", false},
            {"empty", "[]", false},
            {"one bracket", "[", false},
            {"no brackets", "127.0.0.1", false},
            {"not closed", "[127.0.0.1", false},
            {"nothing", "", false},
            {"too long", "[x:" + std::string(252, 'a') + "]", false},
            {"longest", "[x:" + std::string(251, 'a') + "]", true},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, isAddressLiteral(row.text));
    }

    void ipv6AddressesFollowTheGrammar()
    {
        struct Row
        {
            const char* why;
            std::string text;
            bool expected;
        };

        const std::vector<Row> rows{
            {"full", "1:2:3:4:5:6:7:8", true},
            {"hexadecimal in both cases", "aBcD:0:0:0:0:0:0:F", true},
            {"seven groups", "1:2:3:4:5:6:7", false},
            {"nine groups", "1:2:3:4:5:6:7:8:9", false},
            {"unspecified", "::", true},
            {"loopback", "::1", true},
            {"compressed at the end", "fe80::", true},
            {"compressed inside", "2001:db8::8:1", true},
            {"six groups and ::", "1:2:3::4:5:6", true},
            {"seven groups and :: (RFC 5321 4.1.3: at least two are meant)",
             "1:2:3::4:5:6:7",
             false},
            {"two ::", "1::2::3", false},
            {":::", ":::1", false},
            {"five digits", "12345::", false},
            {"no hexadecimal digit", "g::", false},
            {"leading colon", ":1:2:3:4:5:6:7", false},
            {"trailing colon", "1:2:3:4:5:6:7:", false},
            {"full with IPv4", "1:2:3:4:5:6:192.0.2.1", true},
            {"compressed with IPv4", "::ffff:192.0.2.1", true},
            {"IPv4 not last", "::192.0.2.1:1", false},
            {"IPv4 before ::", "192.0.2.1::", false},
            {"bad IPv4", "::ffff:192.0.2.256", false},
            {"zone", "fe80::1%eth0", false},
            {"empty", "", false},
            {"one colon", ":", false},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, isIpv6Address(row.text));
    }

    void heloIsCheckedStrictlyOrLeniently()
    {
        struct Row
        {
            const char* why;
            std::string text;
            bool strict;
            bool lenient;
        };

        const std::vector<Row> rows{
            {"domain", "client.example", true, true},
            {"address literal", "[127.0.0.1]", true, true},
            {"IPv6 literal", "[IPv6:::1]", true, true},
            {"bare address is a domain by the grammar", "127.0.0.1", true, true},
            {"bare IPv6 address", "::1", false, true},
            {"container name", "web_1", false, true},
            {"trailing dot", "client.example.", false, true},
            {"anything visible", "(my)<laptop>", false, true},
            {"UTF-8",
             "b\xc3\xbc"
             "cher",
             true,
             true},
            {"empty", "", false, false},
            {"two words", "a b", false, false},
            {"tab", "a\tb", false, false},
            {"NUL", std::string("a\0", 2), false, false},
            {"CR", "a\r", false, false},
            {"escape", "a\x1b[2J", false, false},
            {"DEL", "a\x7f", false, false},
            {"invalid UTF-8", "\xc3", false, false},
            {"C1 control", "\xc2\x9b", false, false},
            {"line separator", "a\xe2\x80\xa8", false, false},
            {"255 octets", std::string(255, 'a'), false, true},
            {"256 octets", std::string(256, 'a'), false, false},
        };
        for (const Row& row : rows)
        {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.strict, isValidHelo(row.text, true));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.lenient, isValidHelo(row.text, false));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DomainTest);
