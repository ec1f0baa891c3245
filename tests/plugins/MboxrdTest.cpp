// The octets of the mbox format: separators, quoting, line ends. No file.
#include "mbox/Mboxrd.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace
{

using mpsmtp::mbox::MboxrdQuoter;
using mpsmtp::store::LineEnding;

class StringSink final : public mpsmtp::store::OctetSink
{
public:
    void write(std::string_view octets) override { text += octets; }

    std::string text;
};

/// Quotes `message`, cut at these places.
std::string quoted(std::string_view message,
                   const std::vector<std::size_t>& cuts,
                   LineEnding lineEnding = LineEnding::Lf)
{
    StringSink sink;
    MboxrdQuoter quoter(lineEnding, sink);
    std::size_t begin = 0;
    for (const std::size_t cut : cuts)
    {
        quoter.write(message.substr(begin, cut - begin));
        begin = cut;
    }
    quoter.write(message.substr(begin));
    quoter.finish();
    return sink.text;
}

struct Row
{
    const char* why;
    std::string message;
    std::string stored; ///< without the blank line behind it
};

std::vector<Row> rows()
{
    using namespace std::string_literals;
    return {
        {"plain lines stay", "Subject: a\n\nb\n", "Subject: a\n\nb\n"},
        {"no octet at all", "", ""},
        {"a missing last line end is added", "a", "a\n"},
        {"blank lines at the end stay", "a\n\n\n", "a\n\n\n"},
        {"separator on the first line", "From a\n", ">From a\n"},
        {"separator behind a blank line", "a\n\nFrom b\n", "a\n\n>From b\n"},
        {"separator without a blank line: some readers take it", "a\nFrom b\n", "a\n>From b\n"},
        {"a quoted separator gets one more", "a\n>From b\n", "a\n>>From b\n"},
        {"however often it is quoted", "a\n>>>>>>>>>From b\n", "a\n>>>>>>>>>>From b\n"},
        {"several in a row", "From a\nFrom b\n>From c\n", ">From a\n>From b\n>>From c\n"},
        {"nothing behind the blank", "From \n", ">From \n"},
        {"end of the message right behind the blank", "a\nFrom ", "a\n>From \n"},
        {"end of the message within the word", "a\nFro", "a\nFro\n"},
        {"end of the message behind the word", "a\nFrom", "a\nFrom\n"},
        {"end of the message behind '>'", "a\n>", "a\n>\n"},
        {"From without a blank is text", "From:\nFromage\n", "From:\nFromage\n"},
        {"the letters count", "from a\nFROM b\nfrom: c\n", "from a\nFROM b\nfrom: c\n"},
        {"a blank in front makes it text", " From a\n > From b\n", " From a\n > From b\n"},
        {"a blank behind '>' makes it text", "> From a\n", "> From a\n"},
        {"it must begin the line", "x From a\n>xFrom b\n", "x From a\n>xFrom b\n"},
        {"a false start is no start", "FFrom a\nFrFrom b\n", "FFrom a\nFrFrom b\n"},
        {"'>' within the word is text", "Fr>om a\nF>From b\n", "Fr>om a\nF>From b\n"},
        {"CRLF kept: its LF begins a line", "a\r\nFrom b\r\n", "a\r\n>From b\r\n"},
        {"a bare CR begins no line", "a\rFrom b\n", "a\rFrom b\n"},
        {"CR at the start of a line is text", "a\n\rFrom b\n", "a\n\rFrom b\n"},
        {"NUL and 8-bit octets pass", "\0\xff\nFrom \0\xfe\n"s, "\0\xff\n>From \0\xfe\n"s},
        {"NUL at a line's start", "\nX\n\0From a\n"s, "\nX\n\0From a\n"s},
    };
}

} // namespace

class MboxrdTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MboxrdTest);
    CPPUNIT_TEST(linesThatLookLikeSeparatorsAreQuoted);
    CPPUNIT_TEST(quotingIsTheSameOctetByOctet);
    CPPUNIT_TEST(quotingIsTheSameWhereverTheMessageIsSplit);
    CPPUNIT_TEST(readersCanUndoTheQuoting);
    CPPUNIT_TEST(anUnfinishedLineEndsAsTheOthers);
    CPPUNIT_TEST(aSeparatorNamesSenderAndDateInUtc);
    CPPUNIT_TEST_SUITE_END();

public:
    void linesThatLookLikeSeparatorsAreQuoted()
    {
        for (const Row& row : rows())
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.stored + "\n", quoted(row.message, {}));
    }

    void quotingIsTheSameOctetByOctet()
    {
        for (const Row& row : rows())
        {
            std::vector<std::size_t> cuts;
            for (std::size_t i = 0; i < row.message.size(); ++i)
                cuts.push_back(i);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.stored + "\n", quoted(row.message, cuts));
        }
    }

    void quotingIsTheSameWhereverTheMessageIsSplit()
    {
        for (const Row& row : rows())
        {
            for (std::size_t i = 0; i <= row.message.size(); ++i)
            {
                for (std::size_t j = i; j <= row.message.size(); ++j)
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(
                        row.why, row.stored + "\n", quoted(row.message, {i, j}));
            }
        }
    }

    void readersCanUndoTheQuoting()
    {
        for (const Row& row : rows())
        {
            std::string lines = quoted(row.message, {});
            lines.pop_back();
            const bool wasUnfinished = !row.message.empty() && row.message.back() != '\n';
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.message + (wasUnfinished ? "\n" : ""), unquoted(lines));
        }
    }

    void anUnfinishedLineEndsAsTheOthers()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("a\r\nb\r\n\n"), quoted("a\r\nb", {}, LineEnding::Crlf));
        CPPUNIT_ASSERT_EQUAL(std::string("a\r\n\n"), quoted("a\r\n", {}, LineEnding::Crlf));
    }

    void aSeparatorNamesSenderAndDateInUtc()
    {
        struct SeparatorRow
        {
            const char* why;
            std::string reversePath;
            std::time_t seconds;
            std::string expected;
        };

        const std::vector<SeparatorRow> table = {
            {"day of one digit", "a@b", 0, "From a@b Thu Jan  1 00:00:00 1970\n"},
            {"day of two digits", "a@b", 1767139199, "From a@b Tue Dec 30 23:59:59 2025\n"},
            {"leap day", "a@b", 1709210096, "From a@b Thu Feb 29 12:34:56 2024\n"},
            {"null reverse-path", "", 0, "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n"},
            {"a space would end the sender",
             "\"a b\"@c",
             0,
             "From \"a%20b\"@c Thu Jan  1 00:00:00 1970\n"},
            {"no line end can come in",
             "a\r\n@\x7f",
             0,
             "From a%0D%0A@%7F Thu Jan  1 00:00:00 1970\n"},
            {"UTF-8 stays", "\xc3\xa4@b", 0, "From \xc3\xa4@b Thu Jan  1 00:00:00 1970\n"},
        };
        for (const SeparatorRow& row : table)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why,
                row.expected,
                mpsmtp::mbox::fromLine(row.reversePath,
                                       std::chrono::system_clock::from_time_t(row.seconds)));
    }

private:
    /// Takes one '>' from each line `>+From `, as a reader of mboxrd does.
    static std::string unquoted(std::string_view lines)
    {
        std::string text;
        while (!lines.empty())
        {
            std::string_view line = lines.substr(0, lines.find('\n') + 1);
            lines.remove_prefix(line.size());
            const std::size_t from = line.find_first_not_of('>');
            if (from > 0 && from != std::string_view::npos && line.substr(from, 5) == "From ")
                line.remove_prefix(1);
            text += line;
        }
        return text;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MboxrdTest);
