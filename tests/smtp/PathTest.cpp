// Reverse-paths and forward-paths, lenient and strict, and their canonical form.
#include "smtp/Path.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::smtp;

namespace
{

constexpr PathRules lenient{false, "Host.Example"};
constexpr PathRules strict{true, "Host.Example"};

// "address", with " | rest" if something stands behind the path, or "501 5.1.7 text".
std::string
outcome(const std::optional<FixedReply>& refusal, const Path& path, std::string_view rest)
{
    if (refusal)
        return std::to_string(refusal->code) + " " + std::string(refusal->enhanced) + " " +
               std::string(refusal->text);
    return path.address + (rest.empty() ? "" : " |" + std::string(rest));
}

std::string reverse(std::string_view text, const PathRules& rules)
{
    Path path;
    const auto refusal = parseReversePath(text, rules, path);
    return outcome(refusal, path, text);
}

std::string forward(std::string_view text, const PathRules& rules)
{
    Path path;
    const auto refusal = parseForwardPath(text, rules, path);
    return outcome(refusal, path, text);
}

const std::string bad = "501 5.1.3 Bad recipient address syntax";
const std::string noDomain = "501 5.1.3 Recipient address needs a domain";
const std::string tooLong = "501 5.1.3 Path too long";

struct Row
{
    const char* why;
    std::string text;
    std::string lenient;
    std::string strict;
};

void checkForward(const std::vector<Row>& rows)
{
    for (const Row& row : rows)
    {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            std::string(row.why) + " (lenient)", row.lenient, forward(row.text, lenient));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            std::string(row.why) + " (strict)", row.strict, forward(row.text, strict));
    }
}

std::string octets(std::size_t count, char octet = 'a')
{
    return std::string(count, octet);
}

} // namespace

class PathTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PathTest);
    CPPUNIT_TEST(bracketsAndBlanks);
    CPPUNIT_TEST(dotStrings);
    CPPUNIT_TEST(quotedStrings);
    CPPUNIT_TEST(domainsAndLiterals);
    CPPUNIT_TEST(sourceRoutesAreStripped);
    CPPUNIT_TEST(missingDomains);
    CPPUNIT_TEST(hostileOctetsAreRefused);
    CPPUNIT_TEST(lengthsAreLimited);
    CPPUNIT_TEST(reversePathsMayBeNullAndLong);
    CPPUNIT_TEST(nonAsciiIsMarked);
    CPPUNIT_TEST(partsAreCanonical);
    CPPUNIT_TEST(canonicalAddressesParseToThemselves);
    CPPUNIT_TEST(everyTruncationIsRefusedOrShorter);
    CPPUNIT_TEST(aReusedPathKeepsNothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void bracketsAndBlanks()
    {
        checkForward({
            {"plain", "<a@b.example>", "a@b.example", "a@b.example"},
            {"parameters follow", "<a@b> NOTIFY=NEVER", "a@b | NOTIFY=NEVER", "a@b | NOTIFY=NEVER"},
            {"no brackets", "a@a.com", "a@a.com", bad},
            {"no brackets, parameters", "a@a.com X=1", "a@a.com | X=1", bad},
            {"space after the colon", " <a@b>", "a@b", bad},
            {"space after the colon, no brackets", " a@a.com", "a@a.com", bad},
            {"blanks inside the brackets", "< a@b\t>", "a@b", bad},
            {"only the first bracket", "<a@b", bad, bad},
            {"only the last bracket", "a@b>", bad, bad},
            {"two pairs", "<<a@b>>", bad, bad},
            {"something behind the bracket", "<a@b>x", bad, bad},
            {"parameter without space", "<a@b>SIZE=1", bad, bad},
            {"nothing", "", bad, bad},
            {"blanks", "  ", bad, bad},
            {"an opening bracket alone", "<", bad, bad},
            {"display name", "Ben <a@b>", "Ben@host.example | <a@b>", bad},
            {"two addresses", "<a@b,c@d>", bad, bad},
            {"two addresses, no brackets", "a@b,c@d", bad, bad},
            {"null forward-path",
             "<>",
             "501 5.1.3 Recipient address is empty",
             "501 5.1.3 Recipient address is empty"},
        });
    }

    void dotStrings()
    {
        checkForward({
            {"all of atext",
             "<!#$%&'*+-/=?^_`{|}~09azAZ@b>",
             "!#$%&'*+-/=?^_`{|}~09azAZ@b",
             "!#$%&'*+-/=?^_`{|}~09azAZ@b"},
            {"dots inside", "<a.b.c@d>", "a.b.c@d", "a.b.c@d"},
            {"leading dot is kept, quoted as the grammar wants", "<.a@d>", "\".a\"@d", bad},
            {"trailing dot", "<a.@d>", "\"a.\"@d", bad},
            {"double dot, as a Japanese operator issued them", "<a..b@d>", "\"a..b\"@d", bad},
            {"only dots", "<..@d>", "\"..\"@d", bad},
            {"path characters", "<../../x@d>", "\"../../x\"@d", bad},
            {"slash is atext", "<a/b@d>", "a/b@d", "a/b@d"},
            {"backslash is not", "<a\\b@d>", bad, bad},
            {"case of the local-part stays", "<BeN@D>", "BeN@d", "BeN@d"},
            {"no local-part", "<@d>", bad, bad},
            {"two at signs", "<a@b@c>", bad, bad},
            {"parenthesis", "<a(x)@d>", bad, bad},
            {"comma", "<a,b@d>", bad, bad},
            {"colon", "<a:b@d>", bad, bad},
            {"semicolon", "<a;b@d>", bad, bad},
            {"square bracket", "<a[b@d>", bad, bad},
            {"quote inside", "<a\"b@d>", bad, bad},
            {"space inside", "<a b@d>", bad, bad},
        });
    }

    void quotedStrings()
    {
        checkForward({
            {"needless quotes go", "<\"ben\"@d>", "ben@d", "ben@d"},
            {"needless quotes around dots go", "<\"a.b\"@d>", "a.b@d", "a.b@d"},
            {"space needs quotes", "<\"a b\"@d>", "\"a b\"@d", "\"a b\"@d"},
            {"specials need quotes", "<\"a@b,<c>\"@d>", "\"a@b,<c>\"@d", "\"a@b,<c>\"@d"},
            {"needless quoted-pair goes", "<\"b\\en\"@d>", "ben@d", "ben@d"},
            {"quoted quote", "<\"a\\\"b\"@d>", "\"a\\\"b\"@d", "\"a\\\"b\"@d"},
            {"quoted backslash", "<\"a\\\\b\"@d>", "\"a\\\\b\"@d", "\"a\\\\b\"@d"},
            {"quoted space", "<\"a\\ b\"@d>", "\"a b\"@d", "\"a b\"@d"},
            {"leading dot in quotes", "<\".a\"@d>", "\".a\"@d", "\".a\"@d"},
            {"without brackets", "\"a b\"@d X=1", "\"a b\"@d | X=1", bad},
            {"empty names nobody", "<\"\"@d>", bad, bad},
            {"not closed", "<\"a@d>", bad, bad},
            {"backslash at the end", "<\"a\\", bad, bad},
            {"quoted-pair of a control", "<\"a\\\x01\"@d>", bad, bad},
            {"quoted-pair of non-ASCII", "<\"a\\\xc3\xa9\"@d>", bad, bad},
            {"text behind the quote", "<\"a\"b@d>", bad, bad},
            {"two quoted words", "<\"a\".\"b\"@d>", bad, bad},
            {"tab is no qtextSMTP", "<\"a\tb\"@d>", bad, bad},
        });
    }

    void domainsAndLiterals()
    {
        checkForward({
            {"domains ignore case", "<a@EXAMPLE.Com>", "a@example.com", "a@example.com"},
            {"underscore", "<a@my_host>", "a@my_host", bad},
            {"trailing dot goes", "<a@b.c.>", "a@b.c", bad},
            {"empty domain", "<a@>", bad, bad},
            {"empty label", "<a@b..c>", bad, bad},
            {"leading dot", "<a@.b>", bad, bad},
            {"hyphen first", "<a@-b>", "a@-b", bad},
            {"space behind the at sign", "<a@ b>", bad, bad},
            {"slash", "<a@b/c>", bad, bad},
            {"port", "<a@b:25>", bad, bad},
            {"IPv4 literal", "<a@[127.0.0.1]>", "a@[127.0.0.1]", "a@[127.0.0.1]"},
            {"IPv6 literal",
             "<a@[IPv6:2001:DB8::1]>",
             "a@[ipv6:2001:db8::1]",
             "a@[ipv6:2001:db8::1]"},
            {"general literal with brackets and at", "<a@[x:<b@c>]>", "a@[x:<b@c>]", "a@[x:<b@c>]"},
            {"literal without brackets around the path", "a@[127.0.0.1]", "a@[127.0.0.1]", bad},
            {"bad literal", "<a@[300.0.0.1]>", bad, bad},
            {"literal not closed", "<a@[127.0.0.1>", bad, bad},
            {"text behind the literal", "<a@[127.0.0.1].d>", bad, bad},
            {"empty literal", "<a@[]>", bad, bad},
        });
    }

    void sourceRoutesAreStripped()
    {
        checkForward({
            {"two hosts", "<@a.example,@b.example:u@d>", "u@d", "u@d"},
            {"one host", "<@a:u@d>", "u@d", "u@d"},
            {"quoted local-part behind", "<@a:\"u v\"@d>", "\"u v\"@d", "\"u v\"@d"},
            {"lenient domain in the route", "<@a_b:u@d>", "u@d", bad},
            {"no mailbox", "<@a:>", bad, bad},
            {"no colon", "<@a,@b>", bad, bad},
            {"empty host", "<@:u@d>", bad, bad},
            {"comma at the end", "<@a,:u@d>", bad, bad},
            {"host without at sign", "<@a,b:u@d>", bad, bad},
            {"two colons", "<@a::u@d>", bad, bad},
            {"literal is no Domain", "<@[127.0.0.1]:u@d>", bad, bad},
            {"no domain behind the route", "<@a:u>", "u@host.example", noDomain},
        });
    }

    void missingDomains()
    {
        checkForward({
            {"cron's root", "<root>", "root@host.example", noDomain},
            {"without brackets", "root", "root@host.example", bad},
            {"quoted", "<\"a b\">", "\"a b\"@host.example", noDomain},
            {"Postmaster needs no domain",
             "<Postmaster>",
             "Postmaster@host.example",
             "Postmaster@host.example"},
            {"in any case", "<pOSTMASTER>", "pOSTMASTER@host.example", "pOSTMASTER@host.example"},
        });
        CPPUNIT_ASSERT_EQUAL(std::string("root@host.example"), reverse("root", lenient));
        CPPUNIT_ASSERT_EQUAL(std::string("501 5.1.7 Sender address needs a domain"),
                             reverse("<Postmaster>", strict));
        const PathRules nowhere{false, ""};
        CPPUNIT_ASSERT_EQUAL(noDomain, forward("<root>", nowhere));
        CPPUNIT_ASSERT_EQUAL(std::string("postmaster"), forward("<postmaster>", nowhere));
    }

    void hostileOctetsAreRefused()
    {
        const std::vector<std::string> frames{
            "<%@d>", "<\"%\"@d>", "<\"\\%\"@d>", "<a@b%c>", "%a@d", "a@d%"};
        std::vector<std::string> hostile{
            "\x7f", "\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xc2\x85", "\xe2\x80\xa8"};
        for (char control = 0; control < 0x20; ++control)
            hostile.emplace_back(1, control);
        for (const std::string& frame : frames)
        {
            for (const std::string& octet : hostile)
            {
                const std::size_t place = frame.find('%');
                const std::string text = frame.substr(0, place) + octet + frame.substr(place + 1);
                const bool isOuterTab = octet == "\t" && frame.find('<') == frame.npos;
                if (!isOuterTab) // the one control octet that may stand around a path
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(text, bad, forward(text, lenient));
                CPPUNIT_ASSERT_EQUAL_MESSAGE(text, bad, forward(text, strict));
            }
        }
    }

    void lengthsAreLimited()
    {
        const std::string local64 = octets(64);
        const std::string label = octets(63) + ".";
        const std::string domain189 = label + label + octets(61);
        const std::string domain253 = label + label + label + octets(61);
        checkForward({
            {"local-part of 64", "<" + local64 + "@d>", local64 + "@d", local64 + "@d"},
            {"local-part of 65", "<" + local64 + "a@d>", tooLong, tooLong},
            {"quotes do not count", "<\"" + local64 + "\"@d>", local64 + "@d", local64 + "@d"},
            {"path of 256",
             "<" + local64 + "@" + domain189 + ">",
             local64 + "@" + domain189,
             local64 + "@" + domain189},
            {"path of 257", "<" + local64 + "@" + domain189 + "a>", tooLong, tooLong},
            {"without brackets, they still count", local64 + "@" + domain189 + "a", tooLong, bad},
            {"domain too long for any path", "<a@" + domain253 + ">", tooLong, tooLong},
            {"domain of 256", "<a@" + label + label + label + octets(64) + ">", tooLong, tooLong},
            {"a source route does not count",
             "<@" + domain189 + ":a@" + domain189 + ">",
             "a@" + domain189,
             "a@" + domain189},
            {"a local-part of a megabyte", "<" + octets(1u << 20) + "@d>", tooLong, tooLong},
        });
    }

    void reversePathsMayBeNullAndLong()
    {
        struct ReverseRow
        {
            const char* why;
            std::string text;
            std::string expected;
        };

        const std::string verp = "list-bounces+" + octets(187); // 200
        const std::string reverseTooLong = "501 5.1.7 Path too long";
        const std::vector<ReverseRow> rows{
            {"null", "<>", ""},
            {"null with parameters", "<> SIZE=1", " | SIZE=1"},
            {"null with blanks", " < >", ""},
            {"nothing at all is no null path", "", "501 5.1.7 Bad sender address syntax"},
            {"quoted nothing is no null path", "<\"\">", "501 5.1.7 Bad sender address syntax"},
            {"VERP of 200", "<" + verp + "@d>", verp + "@d"},
            {"VERP of 201", "<" + verp + "a@d>", reverseTooLong},
            {"VERP of 200 in a path of 257", "<" + verp + "@" + octets(54) + ">", reverseTooLong},
            {"VERP of 200 in a path of 256",
             "<" + verp + "@" + octets(53) + ">",
             verp + "@" + octets(53)},
        };
        for (const ReverseRow& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, reverse(row.text, lenient));
        CPPUNIT_ASSERT_EQUAL(std::string(), reverse("<>", strict));
        CPPUNIT_ASSERT_EQUAL(reverseTooLong, reverse("<" + octets(65) + "@d>", strict));
        CPPUNIT_ASSERT_EQUAL(std::string("501 5.1.7 Bad sender address syntax"),
                             reverse("< >", strict));
    }

    void nonAsciiIsMarked()
    {
        Path path;
        std::string_view text = "<j\xc3\xb6rg@B\xc3\x9c"
                                "CHER.example>";
        CPPUNIT_ASSERT(!parseForwardPath(text, strict, path));
        CPPUNIT_ASSERT(path.nonAscii);
        // Only ASCII is folded: what U-labels fold to is IDNA's to say.
        CPPUNIT_ASSERT_EQUAL(std::string("j\xc3\xb6rg@b\xc3\x9c"
                                         "cher.example"),
                             path.address);
        text = "<\"j\xc3\xb6 g\"@d>";
        CPPUNIT_ASSERT(!parseForwardPath(text, strict, path));
        CPPUNIT_ASSERT(path.nonAscii);
        CPPUNIT_ASSERT_EQUAL(std::string("\"j\xc3\xb6 g\"@d"), path.address);
        text = "<a@d>";
        CPPUNIT_ASSERT(!parseForwardPath(text, strict, path));
        CPPUNIT_ASSERT(!path.nonAscii);
    }

    void partsAreCanonical()
    {
        Path path;
        std::string_view text = "<@x:\"a\\\"b c\"@[IPv6:ABCD::]> X";
        CPPUNIT_ASSERT(!parseForwardPath(text, lenient, path));
        CPPUNIT_ASSERT_EQUAL(std::string("a\"b c"), path.localPart);
        CPPUNIT_ASSERT_EQUAL(std::string("[ipv6:abcd::]"), path.domain);
        CPPUNIT_ASSERT_EQUAL(std::string("\"a\\\"b c\"@[ipv6:abcd::]"), path.address);
        CPPUNIT_ASSERT_EQUAL(std::string(" X"), std::string(text));
        CPPUNIT_ASSERT(!path.isNull());
    }

    void canonicalAddressesParseToThemselves()
    {
        for (const char* text :
             {"<.a@d>", "<\"a b\"@D>", "<\"\\\"\\\\\"@d>", "a@b.", "<a@[1.2.3.4]>", "root"})
        {
            const std::string once = forward(text, lenient);
            CPPUNIT_ASSERT_EQUAL(once, forward("<" + once + ">", lenient));
            CPPUNIT_ASSERT_EQUAL(once, forward("<" + once + ">", strict));
        }
    }

    void everyTruncationIsRefusedOrShorter()
    {
        const std::string whole = "<@a.b,@c:\"x\\\" y\"@[IPv6:2001:db8::192.0.2.1]>";
        for (std::size_t length = 0; length < whole.size(); ++length)
        {
            CPPUNIT_ASSERT_EQUAL(bad, forward(whole.substr(0, length), strict));
            CPPUNIT_ASSERT_EQUAL(bad, forward(whole.substr(0, length), lenient));
        }
    }

    void aReusedPathKeepsNothing()
    {
        Path path;
        std::string_view text = "<a@b>";
        CPPUNIT_ASSERT(!parseReversePath(text, lenient, path));
        text = "<>";
        CPPUNIT_ASSERT(!parseReversePath(text, lenient, path));
        CPPUNIT_ASSERT(path.isNull());
        CPPUNIT_ASSERT(path.localPart.empty() && path.domain.empty());
        text = "<a@b\x01>";
        CPPUNIT_ASSERT(parseReversePath(text, lenient, path));
        CPPUNIT_ASSERT(path.isNull() && path.localPart.empty() && path.domain.empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PathTest);
