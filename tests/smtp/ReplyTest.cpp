// The wire form of replies.
#include "smtp/Reply.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace mpsmtp::smtp;

namespace
{

std::string
written(unsigned code, std::string_view enhanced, std::string_view text, bool utf8 = false)
{
    std::string out;
    ReplyWriter writer(out);
    writer.allowUtf8(utf8);
    writer.write(code, enhanced, text);
    return out;
}

} // namespace

class ReplyTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ReplyTest);
    CPPUNIT_TEST(wireForm);
    CPPUNIT_TEST(longTextGoesOnInTheNextLine);
    CPPUNIT_TEST(utf8SequencesAreNotCut);
    CPPUNIT_TEST(anyOctetYieldsPrintableLines);
    CPPUNIT_TEST(fixedRepliesBecomeReplies);
    CPPUNIT_TEST_SUITE_END();

public:
    void wireForm()
    {
        struct Row
        {
            const char* why;
            unsigned code;
            std::string_view enhanced;
            std::string_view text;
            bool utf8;
            std::string_view expected;
        };

        const Row rows[] = {
            {"plain", 250, "2.0.0", "OK", false, "250 2.0.0 OK\r\n"},
            {"no enhanced code", 354, "", "Go on", false, "354 Go on\r\n"},
            {"no text", 250, "2.0.0", "", false, "250 2.0.0\r\n"},
            {"nothing at all", 250, "", "", false, "250\r\n"},
            {"enhanced code in each line (RFC 2034 4)",
             214,
             "2.0.0",
             "a\nb\nc",
             false,
             "214-2.0.0 a\r\n214-2.0.0 b\r\n214 2.0.0 c\r\n"},
            {"several lines",
             250,
             "",
             "host\nSIZE 1\nHELP",
             false,
             "250-host\r\n250-SIZE 1\r\n250 HELP\r\n"},
            {"LF at the end makes no empty line", 250, "", "a\n", false, "250 a\r\n"},
            {"CRLF parts lines, too", 250, "", "a\r\nb", false, "250-a\r\n250 b\r\n"},
            {"empty line",
             250,
             "2.0.0",
             "a\n\nb",
             false,
             "250-2.0.0 a\r\n250-2.0.0\r\n250 2.0.0 b\r\n"},
            {"a bare CR would be a line end to some", 250, "", "a\rb", false, "250 a?b\r\n"},
            {"control octets", 250, "", std::string_view("\0\x1b\x7f\t", 4), false, "250 ????\r\n"},
            {"UTF-8 without SMTPUTF8", 250, "", "\xC3\xBC", false, "250 ??\r\n"},
            {"UTF-8 with SMTPUTF8", 250, "", "\xC3\xBC", true, "250 \xC3\xBC\r\n"},
            {"broken UTF-8", 250, "", "\xC3(", true, "250 ?(\r\n"},
            {"invisible: right-to-left override", 250, "", "\xE2\x80\xAE", true, "250 ???\r\n"},
            {"a line end in an enhanced code", 250, "2\r\n5", "x", false, "250 2??5 x\r\n"},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why,
                                         std::string(row.expected),
                                         written(row.code, row.enhanced, row.text, row.utf8));
    }

    void longTextGoesOnInTheNextLine()
    {
        const std::string all = written(250, "2.0.0", std::string(1200, 'x'));
        const std::string full = "250-2.0.0 " + std::string(500, 'x') + "\r\n";
        CPPUNIT_ASSERT_EQUAL(std::size_t(512), full.size());
        CPPUNIT_ASSERT_EQUAL(full + full + "250 2.0.0 " + std::string(200, 'x') + "\r\n", all);
        CPPUNIT_ASSERT_EQUAL(std::size_t(512), written(250, "", std::string(506, 'x')).size());
    }

    void utf8SequencesAreNotCut()
    {
        for (std::size_t shift = 0; shift < 4; ++shift)
        {
            std::string text(490 + shift, 'x');
            for (int i = 0; i < 20; ++i)
                text += "\xF0\x9F\x98\x80";
            CPPUNIT_ASSERT_EQUAL(std::string::npos, written(250, "2.0.0", text, true).find('?'));
        }
    }

    void anyOctetYieldsPrintableLines()
    {
        for (unsigned octet = 0; octet < 256; ++octet)
        {
            const std::string text(600, static_cast<char>(octet));
            for (const char c : written(550, "5.0.0", text, true))
                CPPUNIT_ASSERT_MESSAGE(std::to_string(octet),
                                       (c >= ' ' && c <= '~') || c == '\r' || c == '\n');
        }
    }

    void fixedRepliesBecomeReplies()
    {
        constexpr FixedReply fixed{550, "5.1.1", "No such user"};
        const Reply reply(fixed);
        CPPUNIT_ASSERT_EQUAL(550U, reply.code);
        CPPUNIT_ASSERT_EQUAL(std::string("5.1.1"), reply.enhanced);
        CPPUNIT_ASSERT_EQUAL(std::string("No such user"), reply.text);
        CPPUNIT_ASSERT(!reply.isPositive());
        CPPUNIT_ASSERT(Reply(250, "2.0.0", "").isPositive());
        CPPUNIT_ASSERT(!Reply(354, "", "").isPositive());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReplyTest);
