// The state × verb table, cell by cell. docs/protocol.md must show the same table; CommandOrder.cpp and Session.cpp do it.
#include "Paths.h"
#include "smtp/Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <fstream>
#include <iterator>

using namespace mpsmtp::smtp;

namespace
{

/// How a state is reached, and by what it is known: "DATA x" is refused everywhere, each time for another reason.
struct State
{
    const char* name;
    std::string lead;
    std::string probe;
};

const std::string ehlo = "EHLO client.test\r\n";
const std::string mail = ehlo + "MAIL FROM:<a@a.com>\r\n";
const std::string rcpt = mail + "RCPT TO:<b@a.com>\r\n";

const std::array<State, 7> states{{
    {"Greeting", "", "503 5.5.1 Send EHLO or HELO first\r\n"},
    {"Ready", ehlo, "503 5.5.1 Send MAIL first\r\n"},
    {"MailFrom", mail, "503 5.5.1 Send RCPT first\r\n"},
    {"MailFrom, all refused",
     mail + "RCPT TO:<refused@a.com>\r\n",
     "554 5.5.1 No valid recipients\r\n"},
    {"RcptTo", rcpt, "501 5.5.4 No argument allowed\r\n"},
    {"Bdat", rcpt + "BDAT 1\r\nx", "503 5.5.1 Chunks in progress: send BDAT or RSET\r\n"},
    {"BdatFailed",
     rcpt + "BDAT 101\r\n" + std::string(101, 'x'),
     "503 5.5.1 An earlier chunk failed: send RSET\r\n"},
}};

struct Row
{
    const char* command; ///< as in docs/protocol.md
    std::string octets;
    std::array<const char*, 7> cells; ///< code, and the next state if it is another one
};

// clang-format off
const Row rows[] = {
//                                               Greeting         Ready             MailFrom          all refused       RcptTo             Bdat              BdatFailed
{"EHLO",        ehlo,                          {"250 → Ready",   "250",            "250 → Ready",    "250 → Ready",    "250 → Ready",     "250 → Ready",    "250 → Ready"}},
{"HELO",        "HELO client.test\r\n",        {"250 → Ready",   "250",            "250 → Ready",    "250 → Ready",    "250 → Ready",     "250 → Ready",    "250 → Ready"}},
{"MAIL",        "MAIL FROM:<a@a.com>\r\n",     {"503",           "250 → MailFrom", "503",            "503",            "503",             "503",            "503"}},
{"RCPT",        "RCPT TO:<b@a.com>\r\n",       {"503",           "503",            "250 → RcptTo",   "250 → RcptTo",   "250",             "503",            "503"}},
{"DATA",        "DATA\r\n",                    {"503",           "503",            "503",            "554 → Ready",    "354 → mail data", "503",            "503"}},
{"BDAT n",      "BDAT 1\r\nx",                 {"503",           "503",            "503",            "554 → Ready",    "250 → Bdat",      "250",            "503"}},
{"BDAT n LAST", "BDAT 1 LAST\r\nx",            {"503",           "503",            "503",            "554 → Ready",    "250 → Ready",     "250 → Ready",    "503"}},
{"RSET",        "RSET\r\n",                    {"250",           "250",            "250 → Ready",    "250 → Ready",    "250 → Ready",     "250 → Ready",    "250 → Ready"}},
{"NOOP",        "NOOP\r\n",                    {"250",           "250",            "250",            "250",            "250",             "250",            "250"}},
{"VRFY",        "VRFY someone\r\n",            {"252",           "252",            "252",            "252",            "252",             "252",            "252"}},
{"EXPN",        "EXPN list\r\n",               {"502",           "502",            "502",            "502",            "502",             "502",            "502"}},
{"HELP",        "HELP\r\n",                    {"214",           "214",            "214",            "214",            "214",             "214",            "214"}},
{"QUIT",        "QUIT\r\n",                    {"221 → closed",  "221 → closed",   "221 → closed",   "221 → closed",   "221 → closed",    "221 → closed",   "221 → closed"}},
{"STARTTLS",    "STARTTLS\r\n",                {"502",           "502",            "502",            "502",            "502",             "502",            "502"}},
{"AUTH",        "AUTH PLAIN\r\n",              {"502",           "502",            "502",            "502",            "502",             "502",            "502"}},
{"unknown",     "XYZZY\r\n",                   {"500",           "500",            "500",            "500",            "500",             "500",            "500"}},
};

// clang-format on

SessionOptions options()
{
    SessionOptions result;
    result.maxMessageOctets = 100;
    return result;
}

std::string nextState(Conversation& conversation)
{
    if (conversation.dialog.isClosed())
        return "closed";
    if (conversation.dialog.awaiting() == Awaiting::MailData)
        return "mail data";
    const std::string reply = conversation.send("DATA x\r\n");
    for (const State& state : states)
        if (reply == state.probe)
            return state.name;
    return "unknown state: " + reply;
}

std::string markdown(const Row& row)
{
    std::string line = "| " + std::string(row.command) + " |";
    for (const char* cell : row.cells)
        line += ' ' + std::string(cell) + " |";
    return line;
}

} // namespace

class StateTableTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(StateTableTest);
    CPPUNIT_TEST(eachCell);
    CPPUNIT_TEST(theDocumentShowsThisTable);
    CPPUNIT_TEST_SUITE_END();

public:
    void eachCell()
    {
        for (const Row& row : rows)
            for (std::size_t i = 0; i < states.size(); ++i)
                checkCell(row, states[i], row.cells[i]);
    }

    void theDocumentShowsThisTable()
    {
        std::ifstream file(mpsmtp::test::inSource("/docs/protocol.md"));
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_MESSAGE("docs/protocol.md lacks " + markdown(row),
                                   text.find(markdown(row)) != std::string::npos);
    }

private:
    static void checkCell(const Row& row, const State& state, const std::string& cell)
    {
        Conversation conversation(options());
        conversation.sink.refusedRecipients["refused@a.com"] = Reply(550, "5.1.1", "No");
        (void)conversation.send(state.lead);
        const std::string where = std::string(row.command) + " in " + state.name;
        const std::string code = codes(conversation.send(row.octets));
        const std::string next = nextState(conversation);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(where, cell, next == state.name ? code : code + " → " + next);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StateTableTest);
