// Replies out of octets: whole, octet by octet and split at every position.
#include "bench/load/ReplyReader.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace mpsmtp::bench;

namespace
{

/// "CODE line|" for each reply.
class Run
{
public:
    void give(std::string_view octets)
    {
        _reader.add(octets);
        while (const std::optional<Reply> reply = _reader.next())
            _notes += std::to_string(reply->code) + " " + std::string(reply->line) + "|";
    }

    [[nodiscard]] const std::string& notes() const { return _notes; }

private:
    ReplyReader _reader;
    std::string _notes;
};

std::string inPieces(std::string_view octets, std::size_t first, std::size_t each)
{
    Run run;
    run.give(octets.substr(0, first));
    for (std::size_t at = first; at < octets.size(); at += each)
        run.give(octets.substr(at, each));
    return run.notes();
}

} // namespace

class ReplyReaderTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ReplyReaderTest);
    CPPUNIT_TEST(repliesComeOutTheSameHoweverTheyArrive);
    CPPUNIT_TEST(whatIsNoReplyHasTheCodeZero);
    CPPUNIT_TEST(aLineWithoutAnEndIsNoReply);
    CPPUNIT_TEST_SUITE_END();

public:
    void repliesComeOutTheSameHoweverTheyArrive()
    {
        const struct
        {
            const char* why;
            std::string_view input;
            const char* expected;
        } rows[] = {
            {"one line", "250 OK\r\n", "250 250 OK|"},
            {"no text", "250\r\n", "250 250|"},
            {"several lines are one reply", "250-a\r\n250-b\r\n250 c\r\n", "250 250 c|"},
            {"pipelined", "250 a\r\n354 b\r\n550 c\r\n", "250 250 a|354 354 b|550 550 c|"},
            {"a bare LF ends it too", "220 hi\n", "220 220 hi|"},
            {"the last one is not complete", "250 a\r\n250 b\r", "250 250 a|"},
            {"only a begin", "250-a\r\n250-b\r\n", ""},
        };

        for (const auto& row : rows)
        {
            for (std::size_t first = 0; first <= row.input.size(); ++first)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why,
                                             std::string(row.expected),
                                             inPieces(row.input, first, row.input.size()));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, std::string(row.expected), inPieces(row.input, 0, 1));
        }
    }

    void whatIsNoReplyHasTheCodeZero()
    {
        for (const char* const line : {"", "25", "2x0 no", "250:no", "HTTP/1.1 400 Bad Request"})
        {
            Run run;
            run.give(std::string(line) + "\r\n");
            CPPUNIT_ASSERT_EQUAL(std::string("0 ") + line + "|", run.notes());
        }
    }

    void aLineWithoutAnEndIsNoReply()
    {
        ReplyReader reader;
        reader.add(std::string(20000, '2'));
        const std::optional<Reply> reply = reader.next();
        CPPUNIT_ASSERT(reply && reply->code == 0);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReplyReaderTest);
