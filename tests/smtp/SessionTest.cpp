// What the session asks of the sink, and what it makes of the answers. The plain dialogs are in dialogs/.
#include "smtp/Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <numeric>

using namespace mpsmtp::smtp;

namespace
{

const std::string ehlo = "EHLO client.test\r\n";
const std::string mail = "MAIL FROM:<a@a.com>\r\n";
const std::string rcpt = "RCPT TO:<b@a.com>\r\n";

std::string calls(const Conversation& conversation)
{
    const auto& all = conversation.sink.calls;
    return std::accumulate(all.begin(),
                           all.end(),
                           std::string(),
                           [](const std::string& sum, const std::string& call)
                           { return sum.empty() ? call : sum + ", " + call; });
}

} // namespace

class SessionTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SessionTest);
    CPPUNIT_TEST(theSinkSeesTheEnvelope);
    CPPUNIT_TEST(theSinkGivesTheFinalReply);
    CPPUNIT_TEST(mailRefusedByGrammarIsDroppedForTheLog);
    CPPUNIT_TEST(mailOutOfOrderLeavesTheTransactionAlone);
    CPPUNIT_TEST(mailRefusedByTheSinkIsDropped);
    CPPUNIT_TEST(recipientsRefusedByTheSinkDoNotEndTheTransaction);
    CPPUNIT_TEST(dataIsRefusedIfAllRecipientsWere);
    CPPUNIT_TEST(dataRefusedByTheSinkEndsTheTransaction);
    CPPUNIT_TEST(chunksRefusedByTheSinkArePassedOver);
    CPPUNIT_TEST(aFullSinkAnswersAtTheEnd);
    CPPUNIT_TEST(aFullSinkAnswersAtTheEndOfTheChunk);
    CPPUNIT_TEST(overTheLimitIsOverTheLimitEvenIfTheSinkIsFull);
    CPPUNIT_TEST(eachWayOutDropsTheTransactionOnce);
    CPPUNIT_TEST(errorsAreCountedUpToTheLimit);
    CPPUNIT_TEST(noErrorLimitIfZero);
    CPPUNIT_TEST(refusalsOfTheSinkAreNotErrors);
    CPPUNIT_TEST(sizesOverTheLimitAreNotErrors);
    CPPUNIT_TEST(repliesHoldUtf8OnlyInSmtpUtf8Transactions);
    CPPUNIT_TEST(theEnvelopeOfOneMailDoesNotLeakIntoTheNext);
    CPPUNIT_TEST(replyOf421ClosesTheSession);
    CPPUNIT_TEST_SUITE_END();

public:
    void theSinkSeesTheEnvelope()
    {
        Conversation conversation;
        (void)conversation.send(ehlo + "MAIL FROM:<a@A.COM> BODY=8BITMIME SIZE=3\r\n"
                                       "RCPT TO:<B@a.com> NOTIFY=NEVER\r\nRCPT TO:<c>\r\n"
                                       "DATA\r\nx\r\n.\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("begin a@a.com, recipient B@a.com, recipient c@mx.test, "
                                         "open, complete 250"),
                             calls(conversation));
        const RecordingSink::Message& message = conversation.sink.messages.at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("client.test"), message.session.helo);
        CPPUNIT_ASSERT(message.session.esmtp);
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.1"), message.session.clientAddress);
        CPPUNIT_ASSERT_EQUAL(std::string("T1"), message.envelope.id);
        CPPUNIT_ASSERT(message.envelope.body == BodyType::EightBitMime);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t(3), message.envelope.declaredOctets);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), message.envelope.recipients.size());
        CPPUNIT_ASSERT_EQUAL(std::string("NOTIFY"),
                             message.envelope.recipients[0].parameters.at(0).keyword);
    }

    void replyOf421ClosesTheSession()
    {
        const Reply goodbye(421, "4.7.0", "Enough");
        const std::string mail = "EHLO c.test\r\nMAIL FROM:<a@a.com>\r\n";
        const std::string rest = "RCPT TO:<b@a.com>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n";
        for (int moment = 0; moment < 4; ++moment)
        {
            Conversation conversation;
            RecordingSink& sink = conversation.sink;
            if (moment == 0)
                sink.beginRefusal = goodbye;
            else if (moment == 1)
                sink.refusedRecipients["b@a.com"] = goodbye;
            else if (moment == 2)
                sink.openRefusal = goodbye;
            else
                sink.completion = goodbye;
            const std::string replies = conversation.send(mail + rest);
            CPPUNIT_ASSERT_EQUAL(std::string("421 4.7.0 Enough\r\n"),
                                 replies.substr(replies.rfind("421")));
            CPPUNIT_ASSERT(conversation.dialog.isClosed());
        }
    }

    void theSinkGivesTheFinalReply()
    {
        Conversation conversation;
        (void)conversation.send(ehlo + mail + rcpt + "DATA\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.0.0 Stored as T1\r\n"), conversation.send(".\r\n"));
        conversation.sink.completion = Reply(451, "4.3.0", "Not now\nor ever");
        (void)conversation.send(mail + rcpt + "DATA\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("451-4.3.0 Not now\r\n451 4.3.0 or ever\r\n"),
                             conversation.send(".\r\n"));
    }

    void mailRefusedByGrammarIsDroppedForTheLog()
    {
        Conversation conversation;
        (void)conversation.send("HELO x\r\nMAIL FROM:<a@a.com\r\nMAIL FROM:<a@a.com> SIZE=1\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("drop 501, drop 555"), calls(conversation));
    }

    void mailOutOfOrderLeavesTheTransactionAlone()
    {
        Conversation conversation;
        (void)conversation.send(ehlo + mail + rcpt + "MAIL FROM:<x@x.com>\r\n");
        CPPUNIT_ASSERT(conversation.dialog.isInTransaction());
        (void)conversation.send("DATA\r\n.\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("a@a.com"),
                             conversation.sink.messages.at(0).envelope.reversePath.address);
    }

    void mailRefusedByTheSinkIsDropped()
    {
        Conversation conversation;
        conversation.sink.beginRefusal = Reply(451, "4.3.2", "Busy");
        const std::string replies = conversation.send(ehlo + mail + rcpt);
        CPPUNIT_ASSERT_EQUAL(std::string("250 451 503"), codes(replies));
        CPPUNIT_ASSERT_EQUAL(std::string("begin a@a.com, drop 451"), calls(conversation));
        CPPUNIT_ASSERT(!conversation.dialog.isInTransaction());
    }

    void recipientsRefusedByTheSinkDoNotEndTheTransaction()
    {
        Conversation conversation;
        conversation.sink.refusedRecipients["no@a.com"] = Reply(550, "5.1.1", "No such user");
        const std::string replies = conversation.send(ehlo + mail + "RCPT TO:<no@a.com>\r\n" +
                                                      rcpt + "RCPT TO:<no@a.com>\r\nDATA\r\n.\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 550 250 550 354 250"), codes(replies));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1),
                             conversation.sink.messages.at(0).envelope.recipients.size());
    }

    void dataIsRefusedIfAllRecipientsWere()
    {
        for (const char* data : {"DATA\r\n", "BDAT 3\r\nabc", "BDAT 3 LAST\r\nabc"})
        {
            Conversation conversation;
            conversation.sink.refusedRecipients["b@a.com"] = Reply(450, "4.2.1", "Not now");
            const std::string replies = conversation.send(ehlo + mail + rcpt + data);
            CPPUNIT_ASSERT_EQUAL(std::string("250 250 450 554"), codes(replies));
            CPPUNIT_ASSERT_EQUAL(std::string("begin a@a.com, recipient b@a.com, drop 554"),
                                 calls(conversation));
        }
    }

    void dataRefusedByTheSinkEndsTheTransaction()
    {
        Conversation conversation;
        conversation.sink.openRefusal = Reply(452, "4.3.1", "Disk full");
        const std::string replies = conversation.send(ehlo + mail + rcpt + "DATA\r\n" + mail);
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 452 250"), codes(replies));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), conversation.sink.count("drop 452"));
    }

    void chunksRefusedByTheSinkArePassedOver()
    {
        for (const std::size_t piece : {std::size_t(1), std::string::npos})
        {
            Conversation conversation;
            conversation.sink.openRefusal = Reply(452, "4.3.1", "Disk full");
            const std::string replies = conversation.send(ehlo + mail + rcpt +
                                                              "BDAT 6\r\nQUIT\r\n"
                                                              "BDAT 6 LAST\r\nQUIT\r\nRSET\r\n" +
                                                              mail,
                                                          piece);
            CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 452 503 250 250"), codes(replies));
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), conversation.sink.count("drop 452"));
        }
    }

    void aFullSinkAnswersAtTheEnd()
    {
        for (const std::size_t piece : {std::size_t(1), std::size_t(7), std::string::npos})
        {
            Conversation conversation;
            conversation.sink.keepsOctets = 10;
            const std::string text(100'000, 'x');
            const std::string replies = conversation.send(
                ehlo + mail + rcpt + "DATA\r\n" + text + "\r\n.\r\nNOOP\r\n", piece);
            CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 354 452 250"), codes(replies));
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), conversation.sink.count("complete 452"));
            CPPUNIT_ASSERT_EQUAL(std::size_t(0), conversation.sink.count("drop"));
        }
    }

    void aFullSinkAnswersAtTheEndOfTheChunk()
    {
        Conversation conversation;
        conversation.sink.keepsOctets = 4;
        const std::string replies = conversation.send(
            ehlo + mail + rcpt + "BDAT 3\r\nabcBDAT 3\r\ndefBDAT 6 LAST\r\nQUIT\r\nRSET\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 250 452 503 250"), codes(replies));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), conversation.sink.count("complete 452"));
    }

    void overTheLimitIsOverTheLimitEvenIfTheSinkIsFull()
    {
        SessionOptions options;
        options.maxMessageOctets = 1000;
        Conversation conversation(options);
        conversation.sink.keepsOctets = 10;
        const std::string replies = conversation.send(
            ehlo + mail + rcpt + "DATA\r\n" + std::string(2000, 'x') + "\r\n.\r\n", 100);
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 354 552"), codes(replies));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), conversation.sink.count("drop 552"));
    }

    void eachWayOutDropsTheTransactionOnce()
    {
        struct Row
        {
            const char* way;
            std::string drop;
        };

        const Row rows[] = {
            {"RSET\r\n", "drop -"},
            {"EHLO again\r\n", "drop -"},
            {"HELO again\r\n", "drop -"},
            {"QUIT\r\n", "drop -"},
            {"GET / HTTP/1.1\r\n", "drop 554"},
            {"BDAT x\r\n", "drop 501"},
        };
        for (const Row& row : rows)
            for (const char* chunk : {"", "BDAT 1\r\nx"})
            {
                Conversation conversation;
                (void)conversation.send(ehlo + mail + rcpt + chunk + row.way);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(row.way, row.drop, conversation.sink.calls.back());
                CPPUNIT_ASSERT_EQUAL(std::size_t(1), conversation.sink.count("drop"));
                CPPUNIT_ASSERT(!conversation.dialog.isInTransaction());
            }
    }

    void errorsAreCountedUpToTheLimit()
    {
        const char* const mistakes[] = {"XYZZY\r\n",
                                        "MAIL\r\n",
                                        "RSET now\r\n",
                                        "EXPN x\r\n",
                                        "MAIL FROM:<a@a.com> X=1\r\n",
                                        "RCPT TO:<b@a.com>\r\n",
                                        "NOOP \x01\r\n",
                                        "MAIL FROM:<\xC3\xBC@a.com>\r\n",
                                        "EHLO\r\n"};
        for (const char* mistake : mistakes)
        {
            SessionOptions options;
            options.maxErrors = 2;
            Conversation conversation(options);
            std::string replies = conversation.send(ehlo);
            for (int i = 0; i < 2; ++i)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(mistake, '5', conversation.send(mistake).at(0));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                mistake, std::string("421 4.7.0 "), conversation.send(mistake).substr(0, 10));
            CPPUNIT_ASSERT(conversation.dialog.isClosed());
        }
    }

    void noErrorLimitIfZero()
    {
        SessionOptions options;
        options.maxErrors = 0;
        Conversation conversation(options);
        for (int i = 0; i < 1000; ++i)
            (void)conversation.send("XYZZY\r\n");
        CPPUNIT_ASSERT(!conversation.dialog.isClosed());
    }

    void refusalsOfTheSinkAreNotErrors()
    {
        SessionOptions options;
        options.maxErrors = 1;
        Conversation conversation(options);
        conversation.sink.refusedRecipients["b@a.com"] = Reply(550, "5.1.1", "No such user");
        (void)conversation.send(ehlo + mail);
        for (int i = 0; i < 10; ++i)
            (void)conversation.send(rcpt);
        CPPUNIT_ASSERT(!conversation.dialog.isClosed());
    }

    void sizesOverTheLimitAreNotErrors()
    {
        SessionOptions options;
        options.maxErrors = 1;
        options.maxMessageOctets = 10;
        Conversation conversation(options);
        (void)conversation.send(ehlo);
        for (int i = 0; i < 10; ++i)
            CPPUNIT_ASSERT_EQUAL(
                std::string("552 5.3.4 "),
                conversation.send("MAIL FROM:<a@a.com> SIZE=11\r\n").substr(0, 10));
        CPPUNIT_ASSERT(!conversation.dialog.isClosed());
    }

    void repliesHoldUtf8OnlyInSmtpUtf8Transactions()
    {
        Conversation conversation;
        conversation.sink.refusedRecipients["b@a.com"] = Reply(550, "5.1.1", "Nein, \xC3\xBC");
        (void)conversation.send(ehlo + "MAIL FROM:<a@a.com> SMTPUTF8\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("550 5.1.1 Nein, \xC3\xBC\r\n"), conversation.send(rcpt));
        (void)conversation.send("RSET\r\n" + mail);
        CPPUNIT_ASSERT_EQUAL(std::string("550 5.1.1 Nein, ??\r\n"), conversation.send(rcpt));
    }

    void theEnvelopeOfOneMailDoesNotLeakIntoTheNext()
    {
        Conversation conversation;
        (void)conversation.send(ehlo + "MAIL FROM:<a@a.com> BODY=BINARYMIME SMTPUTF8 SIZE=1\r\n" +
                                rcpt + rcpt + "BDAT 0 LAST\r\nMAIL FROM:<>\r\n" + rcpt +
                                "DATA\r\n.\r\n");
        const Envelope& envelope = conversation.sink.messages.at(1).envelope;
        CPPUNIT_ASSERT(envelope.reversePath.isNull());
        CPPUNIT_ASSERT(envelope.body == BodyType::SevenBit);
        CPPUNIT_ASSERT(!envelope.smtpUtf8);
        CPPUNIT_ASSERT(envelope.parameters.empty());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t(0), envelope.declaredOctets);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), envelope.recipients.size());
        CPPUNIT_ASSERT_EQUAL(std::string("T2"), envelope.id);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SessionTest);
