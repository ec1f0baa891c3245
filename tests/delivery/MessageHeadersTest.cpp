// Tests of delivery/MessageHeaders: whole, and cut into segments at every position.
#include "delivery/MessageHeaders.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace mpsmtp::delivery;
using namespace std::string_literals;

namespace
{

/// "name=value|…; rest"
std::string shown(const MessageHeaders& headers, const std::string& content)
{
    std::string text;
    for (const HeaderField& field : headers.fields())
        text.append(field.name).append("=").append(field.value).append("|");
    return text + "; " + content.substr(headers.octets());
}

mpsmtp_string segment(const std::string& text)
{
    return {text.data(), text.size()};
}

std::string parsed(const std::string& content)
{
    MessageHeaders headers;
    headers.parse({segment(content)});
    return shown(headers, content);
}

struct Row
{
    const char* why;
    std::string content;
    std::string expected;
};

const std::vector<Row>& rows()
{
    static const std::vector<Row> all{
        {"usual", "A: 1\r\nB: 2\r\n\r\nbody\r\n", "A= 1|B= 2|; \r\nbody\r\n"},
        {"empty message", "", "; "},
        {"no header", "\r\nbody", "; \r\nbody"},
        {"no body", "A: 1\r\n", "A= 1|; "},
        {"no body but the empty line", "A: 1\r\n\r\n", "A= 1|; \r\n"},
        {"no line end", "A: 1", "A= 1|; "},
        {"folded", "A: 1\r\n 2\r\n\t3\r\nB:\r\n\r\n", "A= 1\r\n 2\r\n\t3|B=|; \r\n"},
        {"folded last", "A: 1\r\n 2", "A= 1\r\n 2|; "},
        {"bare LF", "A: 1\nB: 2\n\nx", "A= 1|B= 2|; \nx"},
        {"lone CR", "A: 1\r2\r\n\r\nx", "A= 1\r2|; \r\nx"},
        {"CR before CRLF", "A: 1\r\r\n\r\n", "A= 1\r|; \r\n"},
        {"blank before the colon", "A \t: 1\r\n\r\n", "A= 1|; \r\n"},
        {"line without a colon", "A: 1\r\nrubbish\r\nB: 2\r\n", "A= 1|; rubbish\r\nB: 2\r\n"},
        {"no header at all", "Hello world: yes\r\n", "; Hello world: yes\r\n"},
        {"mbox line",
         "From a@b Thu Jan  1 00:00:00 1970\r\nA: 1\r\n",
         "; From a@b Thu Jan  1 00:00:00 1970\r\nA: 1\r\n"},
        {"begins with a fold", " x: 1\r\nA: 1\r\n", ";  x: 1\r\nA: 1\r\n"},
        {"no name", ": 1\r\n", "; : 1\r\n"},
        {"8-bit name", "\xc3\xa4: 1\r\n", "; \xc3\xa4: 1\r\n"},
        {"8-bit value", "A: \xff\r\n\r\n", "A= \xff|; \r\n"},
        {"NUL in a value", "A: \0x\r\n\r\n"s, "A= \0x|; \r\n"s},
        {"NUL in a name", "A\0: x\r\n"s, "; A\0: x\r\n"s},
        {"control octet in a name", "A\x01: x\r\n", "; A\x01: x\r\n"},
        {"colons in a value", "A: b:c:\r\n\r\n", "A= b:c:|; \r\n"},
        {"line of blanks goes on", "A: 1\r\n \r\nB: 2\r\n\r\n", "A= 1\r\n |B= 2|; \r\n"}};
    return all;
}

} // namespace

class MessageHeadersTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MessageHeadersTest);
    CPPUNIT_TEST(fieldsAreFound);
    CPPUNIT_TEST(bordersOfSegmentsDoNotMatter);
    CPPUNIT_TEST(longLinesAreFields);
    CPPUNIT_TEST(fieldsInOneSegmentAreNotCopied);
    CPPUNIT_TEST(endIsKnown);
    CPPUNIT_TEST(numberOfFieldsIsBounded);
    CPPUNIT_TEST_SUITE_END();

public:
    void fieldsAreFound()
    {
        for (const Row& row : rows())
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, parsed(row.content));
    }

    void bordersOfSegmentsDoNotMatter()
    {
        for (const Row& row : rows())
        {
            for (std::size_t cut = 0; cut <= row.content.size(); ++cut)
                checkCut(row, cut);
            std::vector<mpsmtp_string> octets;
            for (const char& c : row.content)
                octets.push_back({&c, 1});
            MessageHeaders headers;
            headers.parse(octets);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown(headers, row.content));
        }
    }

    void longLinesAreFields()
    {
        const std::string value(1'000'000, 'x');
        CPPUNIT_ASSERT_EQUAL("A=" + value + "|; \r\n", parsed("A:" + value + "\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL("; " + value, parsed(value));
    }

    void fieldsInOneSegmentAreNotCopied()
    {
        const std::string content = "A: 1\r\nB: 2\r\n\r\n";
        MessageHeaders headers;
        headers.parse({segment(content)});
        CPPUNIT_ASSERT(headers.fields()[1].raw.data() == content.data() + 6);
        CPPUNIT_ASSERT_EQUAL(std::string("B: 2\r\n"), std::string(headers.fields()[1].raw));
    }

    void endIsKnown()
    {
        CPPUNIT_ASSERT(endOf("A: 1\r\n\r\n") == HeaderEnd::EmptyLine);
        CPPUNIT_ASSERT(endOf("\n") == HeaderEnd::EmptyLine);
        CPPUNIT_ASSERT(endOf("A: 1\r\nx\r\n") == HeaderEnd::NotAField);
        CPPUNIT_ASSERT(endOf("A: 1\r\n") == HeaderEnd::EndOfData);
        CPPUNIT_ASSERT(endOf("") == HeaderEnd::EndOfData);
    }

    void numberOfFieldsIsBounded()
    {
        std::string content;
        for (std::size_t i = 0; i < MessageHeaders::mostFields + 5; ++i)
            content += "a:\n";
        MessageHeaders headers;
        headers.parse({segment(content)});
        CPPUNIT_ASSERT_EQUAL(MessageHeaders::mostFields, headers.fields().size());
        CPPUNIT_ASSERT(headers.end() == HeaderEnd::TooMany);
        CPPUNIT_ASSERT_EQUAL(MessageHeaders::mostFields * 3, headers.octets());
    }

private:
    static void checkCut(const Row& row, std::size_t cut)
    {
        const std::string head = row.content.substr(0, cut);
        const std::string tail = row.content.substr(cut);
        MessageHeaders headers;
        headers.parse({segment(head), segment(tail)});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(row.why) + " cut at " + std::to_string(cut),
                                     row.expected,
                                     shown(headers, row.content));
    }

    static HeaderEnd endOf(const std::string& content)
    {
        MessageHeaders headers;
        headers.parse({segment(content)});
        return headers.end();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MessageHeadersTest);
