// What the session makes of a sink's opinion of clients and names: refused greetings, refused HELO, closing without a
// word, and the sink's knowledge of a session's life (RFC 5321 3.1, 3.8, 4.1.1.1).
#include "smtp/Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>
#include <vector>

using namespace mpsmtp::smtp;

namespace
{

const Reply rejection(554, "5.7.1", "Go away");

/// A conversation whose sink is set up before the greeting.
class LateConversation
{
public:
    RecordingSink sink;

    std::string greet()
    {
        dialog = std::make_unique<Dialog>(_options, someSession(), sink);
        dialog->greet();
        return take();
    }

    std::string send(const std::string& octets)
    {
        dialog->feed(octets);
        return take();
    }

    std::unique_ptr<Dialog> dialog;

private:
    std::string take()
    {
        const std::string replies(dialog->output());
        dialog->clearOutput();
        return replies;
    }

    const SessionOptions _options;
};

} // namespace

class SessionPolicyTest : public CppUnit::TestFixture
{
public:
    void aRejectedClientIsGreetedWith554AndMayOnlyQuit()
    {
        LateConversation talk;
        talk.sink.connectRefusal = rejection;
        CPPUNIT_ASSERT_EQUAL(std::string("554 5.7.1 Go away\r\n"), talk.greet());
        CPPUNIT_ASSERT(!talk.dialog->isClosed());
        for (const char* command : {"EHLO x",
                                    "HELO x",
                                    "MAIL FROM:<a@b>",
                                    "RCPT TO:<a@b>",
                                    "DATA",
                                    "RSET",
                                    "NOOP",
                                    "HELP",
                                    "VRFY x",
                                    "NONSENSE"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                command,
                std::string("503 5.5.1 You are refused here; send QUIT\r\n"),
                talk.send(std::string(command) + "\r\n"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("the chunk is not executed",
                                     std::string("503"),
                                     codes(talk.send("BDAT 6 LAST\r\nNOOP\r\n")));
        CPPUNIT_ASSERT_EQUAL(std::string("221"), codes(talk.send("QUIT\r\n")));
        CPPUNIT_ASSERT(talk.dialog->isClosed());
        CPPUNIT_ASSERT(talk.sink.calls.empty());
    }

    void aDeferredClientIsGreetedWith421AndClosed()
    {
        LateConversation talk;
        talk.sink.connectRefusal = Reply(421, "4.7.0", "Later");
        CPPUNIT_ASSERT_EQUAL(std::string("421 4.7.0 Later\r\n"), talk.greet());
        CPPUNIT_ASSERT(talk.dialog->isClosed());
    }

    void aDroppedClientHearsNothing()
    {
        LateConversation talk;
        talk.sink.connectRefusal = Reply();
        CPPUNIT_ASSERT_EQUAL(std::string(), talk.greet());
        CPPUNIT_ASSERT(talk.dialog->isClosed());
    }

    void aRefusedHeloChangesNothing()
    {
        LateConversation talk;
        (void)talk.greet();
        talk.sink.heloRefusal = Reply(550, "5.7.1", "Not you");
        CPPUNIT_ASSERT_EQUAL(std::string("550 5.7.1 Not you\r\n"), talk.send("EHLO liar\r\n"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "still not greeted", std::string("503"), codes(talk.send("MAIL FROM:<a@b>\r\n")));
        talk.sink.heloRefusal.reset();
        (void)talk.send("HELO honest\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n");
        talk.sink.heloRefusal = Reply(550, "5.7.1", "Not you");
        (void)talk.send("EHLO liar\r\n");
        CPPUNIT_ASSERT_EQUAL_MESSAGE("the transaction goes on",
                                     std::string("354 250"),
                                     codes(talk.send("DATA\r\nhi\r\n.\r\n")));
        CPPUNIT_ASSERT_EQUAL(std::string("honest"), talk.sink.messages.at(0).session.helo);
        CPPUNIT_ASSERT(!talk.sink.messages.at(0).session.esmtp);
    }

    void aSilentRefusalClosesAtEveryCommand()
    {
        struct Row
        {
            const char* why;
            void (*arm)(RecordingSink&);
            const char* command;
        };

        const std::vector<Row> rows{
            {"HELO", [](RecordingSink& sink) { sink.heloRefusal = Reply(); }, "EHLO again\r\n"},
            {"MAIL",
             [](RecordingSink& sink) { sink.beginRefusal = Reply(); },
             "MAIL FROM:<a@b>\r\n"},
            {"RCPT",
             [](RecordingSink& sink) { sink.refusedRecipients["c@d"] = Reply(); },
             "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"},
            {"DATA",
             [](RecordingSink& sink) { sink.openRefusal = Reply(); },
             "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"},
            {"the message",
             [](RecordingSink& sink) { sink.completion = Reply(); },
             "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhi\r\n.\r\n"},
            {"BDAT",
             [](RecordingSink& sink) { sink.openRefusal = Reply(); },
             "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 2 LAST\r\nhi"}};
        for (const Row& row : rows)
        {
            Conversation talk;
            (void)talk.send("EHLO client\r\n");
            row.arm(talk.sink);
            const std::string replies = talk.send(row.command);
            CPPUNIT_ASSERT_MESSAGE(row.why, talk.dialog.isClosed());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(row.why) + ": no reply of code 0",
                                         std::string::npos,
                                         replies.find("000"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(), talk.send("NOOP\r\n"));
        }
    }

    void theSinkHearsOfTheSessionsLifeInOrder()
    {
        LateConversation talk;
        (void)talk.greet();
        (void)talk.send("HELO one\r\nEHLO two\r\nMAIL FROM:<a@b>\r\n");
        talk.dialog.reset();
        CPPUNIT_ASSERT(
            (talk.sink.sessionCalls ==
             std::vector<std::string>{"connected", "helo one", "ehlo two", "disconnected"}));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "the open transaction ends before", std::string("drop -"), talk.sink.calls.back());
    }

    void aSessionThatWasNeverGreetedIsUnknownToTheSink()
    {
        LateConversation talk;
        const SessionOptions options;
        talk.dialog = std::make_unique<Dialog>(options, someSession(), talk.sink);
        talk.dialog.reset();
        CPPUNIT_ASSERT(talk.sink.sessionCalls.empty());
    }

private:
    CPPUNIT_TEST_SUITE(SessionPolicyTest);
    CPPUNIT_TEST(aRejectedClientIsGreetedWith554AndMayOnlyQuit);
    CPPUNIT_TEST(aDeferredClientIsGreetedWith421AndClosed);
    CPPUNIT_TEST(aDroppedClientHearsNothing);
    CPPUNIT_TEST(aRefusedHeloChangesNothing);
    CPPUNIT_TEST(aSilentRefusalClosesAtEveryCommand);
    CPPUNIT_TEST(theSinkHearsOfTheSessionsLifeInOrder);
    CPPUNIT_TEST(aSessionThatWasNeverGreetedIsUnknownToTheSink);
    CPPUNIT_TEST_SUITE_END();
};

CPPUNIT_TEST_SUITE_REGISTRATION(SessionPolicyTest);
