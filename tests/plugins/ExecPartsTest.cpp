// Parts of the handler `exec` that need no program.
#include "exec/CommandLine.h"
#include "exec/Excerpt.h"

#include <cppunit/extensions/HelperMacros.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace mpsmtp::exec;

class ExecPartsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ExecPartsTest);
    CPPUNIT_TEST(commandsAreSplitAtBlanks);
    CPPUNIT_TEST(commandsMustEnd);
    CPPUNIT_TEST(excerptsKeepTheFirstAndTheLastLines);
    CPPUNIT_TEST(excerptsStaySmallHoweverTextIsCut);
    CPPUNIT_TEST_SUITE_END();

public:
    void commandsAreSplitAtBlanks()
    {
        struct Row
        {
            const char* why;
            std::string input;
            std::vector<std::string> expected;
        };

        const std::vector<Row> rows{
            {"words", "/bin/a b  c\td ", {"/bin/a", "b", "c", "d"}},
            {"nothing", "  ", {}},
            {"quotes", "a \"b c\" d", {"a", "b c", "d"}},
            {"inside a word", "a=\"b c\"d", {"a=b cd"}},
            {"an empty word", "a \"\" b", {"a", "", "b"}},
            {"at the end", "a \"\"", {"a", ""}},
            {"backslash and blank", "my\\ program x", {"my program", "x"}},
            {"backslash and quote", "\\\"a\\\" \"\\\"b\\\\\"", {"\"a\"", "\"b\\"}},
            {"others mean nothing", "a $HOME 'b c' * |", {"a", "$HOME", "'b", "c'", "*", "|"}}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_MESSAGE(row.why, row.expected == splitCommand(row.input));
    }

    void commandsMustEnd()
    {
        CPPUNIT_ASSERT_THROW((void)splitCommand("a \"b"), std::invalid_argument);
        CPPUNIT_ASSERT_THROW((void)splitCommand("a b\\"), std::invalid_argument);
    }

    void excerptsKeepTheFirstAndTheLastLines()
    {
        struct Row
        {
            const char* why;
            std::string input;
            std::string first;
            std::string last;
        };

        const std::vector<Row> rows{{"nothing", "", "", ""},
                                    {"a line", "a\n", "a", "a"},
                                    {"no end", "a", "a", "a"},
                                    {"lines", "a\r\nb\n\nc\r\n\n", "a", "a / b /  / c"},
                                    {"an empty one first", "\na", "", " / a"},
                                    {"nothing but ends", "\n\r\n", "", ""},
                                    {"whole lines at the end",
                                     std::string(5000, 'x') + "\nb\nc\n",
                                     std::string(400, 'x'),
                                     "b / c"},
                                    {"one long line",
                                     std::string(5000, 'x'),
                                     std::string(400, 'x'),
                                     std::string(1000, 'x')}};
        for (const Row& row : rows)
            for (const std::size_t piece : {row.input.size() + 1, std::size_t{1}, std::size_t{7}})
            {
                Excerpt excerpt;
                for (std::size_t i = 0; i < row.input.size(); i += piece)
                    excerpt.add(std::string_view(row.input).substr(i, piece));
                CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.first, excerpt.firstLine());
                CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.last, excerpt.lastLines());
            }
    }

    void excerptsStaySmallHoweverTextIsCut()
    {
        Excerpt excerpt;
        for (int i = 0; i < 100'000; ++i)
            excerpt.add("line " + std::to_string(i) + "\n");
        CPPUNIT_ASSERT(excerpt.lastLines().size() < 2 * Excerpt::mostLast);
        CPPUNIT_ASSERT_EQUAL(std::string("line 0"), excerpt.firstLine());
        const std::string last = excerpt.lastLines();
        CPPUNIT_ASSERT_EQUAL(std::string("line 99999"), last.substr(last.size() - 10));
        CPPUNIT_ASSERT_EQUAL(std::string("line "), last.substr(0, 5));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ExecPartsTest);
