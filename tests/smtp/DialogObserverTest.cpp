// What an observer of a Dialog hears: commands and replies in the order in which they answer each other, mail data as a
// number, however the octets came.
#include "smtp/Dialog.h"

#include "smtp/Conversation.h"
#include "smtp/Feeding.h"
#include "smtp/RecordingSink.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <string_view>

using namespace mpsmtp::smtp;

namespace
{

/// "C: …", "S: …" and "(21)", a line each; of replies the code alone.
class Notes : public DialogObserver
{
public:
    void clientLine(std::string_view line) noexcept override
    {
        endData();
        text.append("C: ").append(line.substr(0, 40)).append("\n");
    }

    void mailData(std::uint64_t octets) noexcept override
    {
        _octets += octets;
        _hasData = true;
    }

    void serverText(std::string_view lines) noexcept override
    {
        endData();
        for (; !lines.empty(); lines.remove_prefix(lines.find('\n') + 1))
            text.append("S: ").append(lines.substr(0, 3)).append("\n");
    }

    std::string text;

private:
    void endData()
    {
        if (_hasData)
            text += "(" + std::to_string(_octets) + ")\n";
        _hasData = false;
        _octets = 0;
    }

    std::uint64_t _octets = 0;
    bool _hasData = false;
};

/// What is heard when `pieces` are all that the client sends. Each is answered before the next one comes.
std::string heard(const feeding::Pieces& pieces)
{
    const SessionOptions options;
    RecordingSink sink;
    Notes notes;
    Dialog dialog(options, someSession(), sink);
    dialog.observe(&notes);
    dialog.greet();
    dialog.clearOutput();
    for (const std::string& piece : pieces)
    {
        dialog.feed(piece);
        dialog.clearOutput();
    }
    dialog.endOfInput();
    dialog.clearOutput();
    return notes.text;
}

void assertHeard(std::string_view why, const std::string& input, const std::string& expected)
{
    for (const feeding::Pieces& pieces : feeding::waysToFeed(input))
        CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(why) + ", split at " +
                                         std::to_string(pieces.front().size()),
                                     expected,
                                     heard(pieces));
}

} // namespace

class DialogObserverTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DialogObserverTest);
    CPPUNIT_TEST(commandsAndRepliesComeInTurns);
    CPPUNIT_TEST(aLineThatIsTooLongIsHeardOnce);
    CPPUNIT_TEST(whatIsSaidWithoutACommandIsHeard);
    CPPUNIT_TEST_SUITE_END();

    void commandsAndRepliesComeInTurns()
    {
        const struct
        {
            const char* why;
            std::string input;
            std::string expected;
        } rows[] = {
            {"two commands", "NOOP\r\nRSET\r\n", "S: 220\nC: NOOP\nS: 250\nC: RSET\nS: 250\n"},
            {"a command that is none",
             "FOO\r\nQUIT\r\n",
             "S: 220\nC: FOO\nS: 500\nC: QUIT\nS: 221\n"},
            {"nothing behind QUIT", "QUIT\r\nNOOP\r\n", "S: 220\nC: QUIT\nS: 221\n"},
            {"mail data",
             "HELO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n..a\r\nb\r\n.\r\nQUIT\r\n",
             "S: 220\nC: HELO x\nS: 250\nC: MAIL FROM:<a@b.c>\nS: 250\nC: RCPT TO:<d@e.f>\nS: 250\n"
             "C: DATA\nS: 354\n(7)\nS: 250\nC: QUIT\nS: 221\n"},
            {"no mail data",
             "HELO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n.\r\n",
             "S: 220\nC: HELO x\nS: 250\nC: MAIL FROM:<a@b.c>\nS: 250\nC: RCPT TO:<d@e.f>\nS: 250\n"
             "C: DATA\nS: 354\n(0)\nS: 250\n"},
            {"chunks",
             "HELO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nBDAT 6\r\nQUIT\r\nBDAT 2 "
             "LAST\r\n\r\n"
             "NOOP\r\n",
             "S: 220\nC: HELO x\nS: 250\nC: MAIL FROM:<a@b.c>\nS: 250\nC: RCPT TO:<d@e.f>\nS: 250\n"
             "C: BDAT 6\n(6)\nS: 250\nC: BDAT 2 LAST\n(2)\nS: 250\nC: NOOP\nS: 250\n"},
        };

        for (const auto& row : rows)
            assertHeard(row.why, row.input, row.expected);
    }

    void aLineThatIsTooLongIsHeardOnce()
    {
        const std::string input = "NOOP " + std::string(9000, 'x') + "\r\nRSET\r\n";
        CPPUNIT_ASSERT_EQUAL("S: 220\nC: NOOP " + std::string(35, 'x') +
                                 "\nS: 500\nC: RSET\nS: 250\n",
                             heard({input}));
    }

    void whatIsSaidWithoutACommandIsHeard()
    {
        const SessionOptions options;
        RecordingSink sink;
        Notes notes;
        Dialog dialog(options, someSession(), sink);
        dialog.observe(&notes);
        dialog.greet();
        dialog.feed("NOO");
        dialog.timeout();
        dialog.clearOutput();
        CPPUNIT_ASSERT_EQUAL(std::string("S: 220\nS: 421\n"), notes.text);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DialogObserverTest);
