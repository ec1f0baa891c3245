// Command lines out of octets, whole, octet by octet and split at every position.
#include "smtp/LineSplitter.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::smtp;

namespace
{

constexpr std::size_t maxOctets = 8;

/// Gives the input in pieces and notes what comes out: lines in brackets, "!" for a line too long, "E" for endless.
class Run
{
public:
    void give(std::string_view octets)
    {
        _waiting.append(octets);
        for (;;)
        {
            const LineSplitter::Result result = _splitter.next(_waiting);
            note(result);
            _waiting.erase(0, result.consumed);
            if (result.status == LineSplitter::Status::Incomplete ||
                result.status == LineSplitter::Status::Endless)
                return;
        }
    }

    [[nodiscard]] const std::string& notes() const { return _notes; }

    [[nodiscard]] std::size_t waiting() const { return _waiting.size(); }

private:
    void note(const LineSplitter::Result& result)
    {
        if (result.status == LineSplitter::Status::Line)
            _notes += '[' + std::string(result.line) + ']';
        if (result.status == LineSplitter::Status::TooLong)
            _notes += '!';
        if (result.status == LineSplitter::Status::Endless)
            _notes += 'E';
    }

    LineSplitter _splitter{maxOctets};
    std::string _waiting;
    std::string _notes;
};

} // namespace

class LineSplitterTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LineSplitterTest);
    CPPUNIT_TEST(linesComeOutTheSameHoweverTheyArrive);
    CPPUNIT_TEST(aLongLineIsNotedAtTheLimit);
    CPPUNIT_TEST(anEndlessLineIsNoted);
    CPPUNIT_TEST(longLinesDoNotAddUpToAnEndlessOne);
    CPPUNIT_TEST(aLongLineIsNotKept);
    CPPUNIT_TEST_SUITE_END();

public:
    void linesComeOutTheSameHoweverTheyArrive()
    {
        struct Row
        {
            const char* why;
            std::string input;
            std::string expected;
        };

        const Row rows[] = {
            {"nothing", "", ""},
            {"CRLF", "ab\r\n", "[ab]"},
            {"bare LF", "ab\n", "[ab]"},
            {"both mixed", "a\nb\r\nc\n", "[a][b][c]"},
            {"empty lines", "\r\n\n\r\n", "[][][]"},
            {"no end", "a\r\nb", "[a]"},
            {"CR at the end is no end", "a\r", ""},
            {"bare CR stays", "a\rb\r\n", "[a\rb]"},
            {"one CR belongs to the LF", "a\r\r\n", "[a\r]"},
            {"NUL stays", std::string("a\0b\r\n", 5), std::string("[a\0b]", 5)},
            {"as long as it may be", "123456\r\n", "[123456]"},
            {"as long as it may be, LF", "1234567\n", "[1234567]"},
            {"one too long", "1234567\r\nab\r\n", "![ab]"},
            {"one too long, LF", "12345678\nab\n", "![ab]"},
            {"far too long", "12345678901234567890\r\nab\r\n", "![ab]"},
            {"two too long", "1234567890\n1234567890\nab\n", "!![ab]"},
        };
        for (const Row& row : rows)
        {
            for (std::size_t at = 0; at <= row.input.size(); ++at)
            {
                Run run;
                run.give(row.input.substr(0, at));
                run.give(row.input.substr(at));
                CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, run.notes());
            }
            Run run;
            for (const char octet : row.input)
                run.give({&octet, 1});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, run.notes());
        }
    }

    void aLongLineIsNotedAtTheLimit()
    {
        Run run;
        run.give("1234567");
        CPPUNIT_ASSERT_EQUAL(std::string(), run.notes());
        run.give("8");
        CPPUNIT_ASSERT_EQUAL(std::string("!"), run.notes());
        run.give("9");
        CPPUNIT_ASSERT_EQUAL(std::string("!"), run.notes());
    }

    void anEndlessLineIsNoted()
    {
        Run run;
        const std::string piece(1024, 'x');
        for (std::size_t given = 0; given <= LineSplitter::maxSkippedOctets; given += piece.size())
        {
            CPPUNIT_ASSERT(run.notes().find('E') == std::string::npos);
            run.give(piece);
        }
        run.give(piece);
        CPPUNIT_ASSERT(run.notes().find('E') != std::string::npos);
    }

    void longLinesDoNotAddUpToAnEndlessOne()
    {
        Run run;
        const std::string line(LineSplitter::maxSkippedOctets / 2 + 1, 'x');
        for (int i = 0; i < 3; ++i)
            run.give(line + "\r\n");
        run.give("ab\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("!!![ab]"), run.notes());
    }

    void aLongLineIsNotKept()
    {
        Run run;
        run.give(std::string(100'000, 'x'));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), run.waiting());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LineSplitterTest);
