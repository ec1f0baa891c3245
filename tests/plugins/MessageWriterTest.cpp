#include "common/MessageWriter.h"

#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace mpsmtp;
using namespace mpsmtp::store;

namespace
{

class StringSink : public OctetSink
{
public:
    void write(std::string_view octets) override
    {
        text += octets;
        largest = std::max(largest, octets.size());
    }

    std::string text;
    std::size_t largest = 0;
};

struct Row
{
    const char* why;
    std::string input;
    std::string expected;
};

} // namespace

class MessageWriterTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MessageWriterTest);
    CPPUNIT_TEST(onlyCrlfIsConverted);
    CPPUNIT_TEST(ourFieldsComeOnTop);
    CPPUNIT_TEST(fieldsCanBeLeftOut);
    CPPUNIT_TEST(crlfCanBeKept);
    CPPUNIT_TEST(binaryMimeIsKeptAsSent);
    CPPUNIT_TEST(nothingIsInsertedBetweenFieldsAndContent);
    CPPUNIT_TEST(anAddressCannotAddFields);
    CPPUNIT_TEST(largeMessagesPassInPieces);
    CPPUNIT_TEST(aWriterServesManyRecipients);
    CPPUNIT_TEST_SUITE_END();

public:
    void onlyCrlfIsConverted()
    {
        using namespace std::string_literals;
        const std::vector<Row> rows{
            {"empty", "", ""},
            {"a line", "a\r\n", "a\n"},
            {"empty lines", "\r\n\r\n", "\n\n"},
            {"no line end", "a", "a"},
            {"bare CR", "a\rb", "a\rb"},
            {"bare CR at the end", "a\r", "a\r"},
            {"bare LF", "a\nb", "a\nb"},
            {"CR before CRLF", "a\r\r\nb", "a\r\nb"},
            {"LF before CR", "a\n\rb", "a\n\rb"},
            {"NUL", "a\0\r\nb"s, "a\0\nb"s},
            {"NUL behind CR", "a\r\0\n"s, "a\r\0\n"s},
            {"8-bit", "\xFF\r\n\xC3\xBC", "\xFF\n\xC3\xBC"},
            {"many CR", "\r\r\r", "\r\r\r"},
        };
        for (const Row& row : rows)
            for (std::size_t first = 0; first <= row.input.size(); ++first)
                for (std::size_t second = first; second <= row.input.size(); ++second)
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(
                        row.why, row.expected, convertCut(row.input, first, second));
    }

    void ourFieldsComeOnTop()
    {
        CPPUNIT_ASSERT_EQUAL(test::TestMail::fields("sender@example.org", "ben@example.com") +
                                 "A: b\n\ntext\n",
                             written({}, {"A: b\r\n\r\nte", "xt\r", "\n"}));
    }

    void fieldsCanBeLeftOut()
    {
        StoreOptions options;
        options.trace = false;
        CPPUNIT_ASSERT_EQUAL(std::string("Delivered-To: ben@example.com\nx\n"),
                             written(options, {"x\r\n"}));
        options.deliveredTo = false;
        CPPUNIT_ASSERT_EQUAL(std::string("x\n"), written(options, {"x\r\n"}));
        options.trace = true;
        CPPUNIT_ASSERT_EQUAL(0, written(options, {"x\r\n"}).compare(0, 12, "Return-Path:"));
        CPPUNIT_ASSERT_EQUAL(std::string::npos, written(options, {"x\r\n"}).find("Delivered-To"));
    }

    void crlfCanBeKept()
    {
        StoreOptions options;
        options.lineEnding = LineEnding::Crlf;
        const std::string text = written(options, {"a\r\n\r\nb\nc\rd"});
        CPPUNIT_ASSERT_EQUAL(
            std::string("Return-Path: <sender@example.org>\r\nDelivered-To: ben@example.com\r\n") +
                std::string(test::TestMail::trace) + "a\r\n\r\nb\nc\rd",
            text);
    }

    void binaryMimeIsKeptAsSent()
    {
        const std::string text = written({}, {"A: b\r\n\r\n\x01\r\n\x02"}, BodyType::BinaryMime);
        CPPUNIT_ASSERT_EQUAL(
            std::string("Return-Path: <sender@example.org>\r\nDelivered-To: ben@example.com\r\n") +
                std::string(test::TestMail::trace) + "A: b\r\n\r\n\x01\r\n\x02",
            text);
        CPPUNIT_ASSERT_EQUAL(std::string("x\n"),
                             written(bare(), {"x\r\n"}, BodyType::EightBitMime));
    }

    void nothingIsInsertedBetweenFieldsAndContent()
    {
        const std::string fields = test::TestMail::fields("sender@example.org", "ben@example.com");
        for (const std::string content :
             {"", "hey there!\n", "\nhey there!\n", "\n", " folded?\n", "From me\n"})
            CPPUNIT_ASSERT_EQUAL(fields + content, written({}, {content}));
    }

    void anAddressCannotAddFields()
    {
        test::TestHost host;
        test::TestMail mail(host, "x\r\n");
        mail.from("a\r\nEvil: 1@d").rcpt("b\nEvil: 2");
        const std::string text = written({}, mail);
        CPPUNIT_ASSERT_EQUAL(std::string::npos, text.find("\nEvil"));
        CPPUNIT_ASSERT(text.find("Delivered-To: b?Evil: 2@example.com\n") != std::string::npos);
    }

    void largeMessagesPassInPieces()
    {
        std::string lines;
        while (lines.size() < 300000)
            lines += "a line of text that is long enough\r\n";
        const std::string longLine(1000000, 'x');
        StringSink sink;
        test::TestHost host;
        test::TestMail mail(host);
        mail.rcpt("ben").content({lines, longLine, lines});
        const StoreOptions options = bare();
        MessageWriter(options).write(mail.envelope(), nullptr, mail.message(), sink);
        std::string expected = lines + longLine + lines;
        expected.erase(std::remove(expected.begin(), expected.end(), '\r'), expected.end());
        CPPUNIT_ASSERT(expected == sink.text);
        CPPUNIT_ASSERT(sink.largest <= 65536);
    }

    void aWriterServesManyRecipients()
    {
        test::TestHost host;
        test::TestMail mail(host, "x\r\n");
        mail.rcpt("ben").rcpt("donna");
        const StoreOptions options;
        MessageWriter writer(options);
        for (const char* user : {"ben", "donna"})
        {
            StringSink sink;
            const Recipient recipient = mail.recipients()[user == std::string("ben") ? 0 : 1];
            writer.write(mail.envelope(), &recipient, mail.message(), sink);
            CPPUNIT_ASSERT_EQUAL(
                test::TestMail::fields("sender@example.org", std::string(user) + "@example.com") +
                    "x\n",
                sink.text);
        }
    }

private:
    static StoreOptions bare()
    {
        StoreOptions options;
        options.trace = false;
        options.deliveredTo = false;
        return options;
    }

    static std::string convertCut(const std::string& input, std::size_t first, std::size_t second)
    {
        CrlfToLf converter;
        std::string out;
        converter.convert(input.substr(0, first), out);
        converter.convert(input.substr(first, second - first), out);
        converter.convert(input.substr(second), out);
        converter.finish(out);
        return out;
    }

    static std::string written(const StoreOptions& options, test::TestMail& mail)
    {
        StringSink sink;
        const Recipient recipient = mail.recipients()[0];
        MessageWriter(options).write(mail.envelope(), &recipient, mail.message(), sink);
        return sink.text;
    }

    static std::string written(const StoreOptions& options,
                               std::vector<std::string> segments,
                               BodyType body = BodyType::SevenBit)
    {
        test::TestHost host;
        test::TestMail mail(host);
        mail.rcpt("ben").content(std::move(segments)).body(body);
        return written(options, mail);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MessageWriterTest);
