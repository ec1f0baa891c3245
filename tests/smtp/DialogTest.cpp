// How a dialog deals with octets, time and the way down; what it says to which command is in dialogs/.
#include "smtp/Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cstring>
#include <memory>

using namespace mpsmtp::smtp;

namespace
{

const std::string upToData = "EHLO client.test\r\nMAIL FROM:<a@a.com>\r\nRCPT TO:<b@a.com>\r\n";
const std::string transaction = "MAIL FROM:<a@a.com>\r\nRCPT TO:<b@a.com>\r\nDATA\r\nx\r\n.\r\n";

std::string repeat(std::string_view text, std::size_t times)
{
    std::string result;
    for (std::size_t i = 0; i < times; ++i)
        result += text;
    return result;
}

/// Lines with dots, CRs and LFs in awkward places, and its form on the wire.
struct AwkwardMail
{
    std::string decoded;
    std::string encoded;

    explicit AwkwardMail(std::size_t lines)
    {
        const char* const pieces[] = {
            "", ".", "..", "a line", ".\r", "\r.", "\n.", "x\n.\ny", "\r\r"};
        for (std::size_t i = 0; i < lines; ++i)
        {
            const std::string line =
                std::string(pieces[i % 9]) + std::string(i * 7 % 120, 'z') + "\r\n";
            decoded += line;
            encoded += (line[0] == '.' ? "." : "") + line;
        }
        encoded += ".\r\n";
    }
};

} // namespace

class DialogTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DialogTest);
    CPPUNIT_TEST(greets);
    CPPUNIT_TEST(theRestOfALineTooLongIsNoTlsHello);
    CPPUNIT_TEST(mailDataIsReceivedInTheSinksOwnBuffer);
    CPPUNIT_TEST(chunksAreReceivedInTheSinksOwnBuffer);
    CPPUNIT_TEST(writableMayBeAskedAgain);
    CPPUNIT_TEST(awkwardMailComesOutWholeHoweverItArrives);
    CPPUNIT_TEST(normalizingWorksInTheSinksBufferToo);
    CPPUNIT_TEST(inputBehindTheDataIsKept);
    CPPUNIT_TEST(tenThousandPipelinedNoops);
    CPPUNIT_TEST(outputIsBounded);
    CPPUNIT_TEST(outputGivesMemoryBack);
    CPPUNIT_TEST(workAfterReplyComesBeforeTheNextCommand);
    CPPUNIT_TEST(workAfterReplyIsDoneEvenIfTheClientIsGone);
    CPPUNIT_TEST(inputThatComesWhileWorkIsDueWaits);
    CPPUNIT_TEST(endlessLinesEndTheSession);
    CPPUNIT_TEST(httpAndTlsExecuteNothing);
    CPPUNIT_TEST(timeoutsAreSaid);
    CPPUNIT_TEST(shutDownBetweenTransactions);
    CPPUNIT_TEST(shutDownInATransactionLetsItEnd);
    CPPUNIT_TEST(shutDownAcceptsNoFurtherMail);
    CPPUNIT_TEST(shutDownWhileWorkIsDue);
    CPPUNIT_TEST(halfCloseDropsWhatIsNotComplete);
    CPPUNIT_TEST(halfCloseWhileWorkIsDue);
    CPPUNIT_TEST(destructionDropsTheTransaction);
    CPPUNIT_TEST(awaitingTellsWhichDeadlineHolds);
    CPPUNIT_TEST(anIdleDialogIsSmall);
    CPPUNIT_TEST_SUITE_END();

public:
    void theRestOfALineTooLongIsNoTlsHello()
    {
        SessionOptions options;
        options.maxLineOctets = 64;
        Conversation conversation(options);
        CPPUNIT_ASSERT_EQUAL(std::string("500"), codes(conversation.send(std::string(64, 'x'))));
        CPPUNIT_ASSERT_EQUAL(std::string("250"), codes(conversation.send("\x16\x03\r\nNOOP\r\n")));
    }

    void greets()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("220 mx.test ESMTP mpsmtpd\r\n"), Conversation().greeting);
    }

    void mailDataIsReceivedInTheSinksOwnBuffer()
    {
        Conversation conversation;
        (void)conversation.send(upToData + "DATA\r\n");
        const Buffer room = conversation.dialog.writable();
        CPPUNIT_ASSERT(room.data == conversation.sink.writable().data);
        CPPUNIT_ASSERT_EQUAL(conversation.sink.roomOctets, room.size);
        // Octets that mean nothing yet stand in front of the next ones.
        (void)conversation.send(".");
        CPPUNIT_ASSERT(conversation.dialog.writable().data ==
                       conversation.sink.writable().data + 1);
        (void)conversation.send(".x\r\n.\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string(".x\r\n"), conversation.sink.messages.at(0).data);
    }

    void chunksAreReceivedInTheSinksOwnBuffer()
    {
        Conversation conversation;
        (void)conversation.send(upToData + "BDAT 10000 LAST\r\n");
        const Buffer room = conversation.dialog.writable();
        CPPUNIT_ASSERT(room.data == conversation.sink.writable().data);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("not beyond the chunk", std::size_t(10000), room.size);
        std::memset(room.data, 'x', 10000);
        conversation.dialog.received(10000);
        CPPUNIT_ASSERT_EQUAL(std::string(10000, 'x'), conversation.sink.messages.at(0).data);
    }

    void writableMayBeAskedAgain()
    {
        Conversation conversation;
        (void)conversation.send(upToData + "DATA\r\n\r\n.");
        const Buffer first = conversation.dialog.writable();
        const Buffer second = conversation.dialog.writable();
        CPPUNIT_ASSERT(first.data == second.data);
        (void)conversation.send("\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("\r\n"), conversation.sink.messages.at(0).data);
    }

    void awkwardMailComesOutWholeHoweverItArrives()
    {
        const AwkwardMail mail(2000);
        for (const std::size_t piece : {1, 2, 3, 5, 999, 4096, 65535, 65536, 1'000'000})
            for (const std::size_t room : {7, 4096, 65536})
            {
                Conversation conversation;
                conversation.sink.roomOctets = room;
                const std::string octets = upToData + "DATA\r\n" + mail.encoded + "NOOP\r\n";
                const std::string replies = conversation.send(octets, piece);
                CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 354 250 250"), codes(replies));
                CPPUNIT_ASSERT(mail.decoded == conversation.sink.messages.at(0).data);
            }
    }

    void normalizingWorksInTheSinksBufferToo()
    {
        const AwkwardMail mail(2000);
        std::string expected;
        for (std::size_t i = 0; i < mail.decoded.size(); ++i)
        {
            const bool isCrLf = mail.decoded.compare(i, 2, "\r\n") == 0;
            if (mail.decoded[i] == '\r' || mail.decoded[i] == '\n')
                expected += "\r\n";
            else
                expected += mail.decoded[i];
            i += isCrLf ? 1 : 0;
        }
        SessionOptions options;
        options.bareNewline = BareNewline::Normalize;
        for (const std::size_t piece : {1, 3, 999, 65536, 1'000'000})
            for (const std::size_t room : {1, 7, 65536})
            {
                Conversation conversation(options);
                conversation.sink.roomOctets = room;
                (void)conversation.send(upToData + "DATA\r\n" + mail.encoded, piece);
                CPPUNIT_ASSERT(expected == conversation.sink.messages.at(0).data);
            }
    }

    void inputBehindTheDataIsKept()
    {
        Conversation conversation;
        (void)conversation.send(upToData + "DATA\r\n");
        const std::string behind = repeat(transaction, 1000);
        const std::string replies = conversation.send("x\r\n.\r\n" + behind + "QUIT\r\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t(1001), conversation.sink.messages.size());
        CPPUNIT_ASSERT(conversation.dialog.isClosed());
        CPPUNIT_ASSERT_EQUAL(std::string("250" + repeat(" 250 250 354 250", 1000) + " 221"),
                             codes(replies));
    }

    void tenThousandPipelinedNoops()
    {
        Conversation conversation;
        const std::string replies = conversation.send(repeat("NOOP\r\n", 10'000));
        CPPUNIT_ASSERT(replies == repeat("250 2.0.0 OK\r\n", 10'000));
    }

    void outputIsBounded()
    {
        Conversation conversation;
        (void)conversation.send(upToData + "DATA\r\n");
        (void)conversation.send(".\r\n" + repeat("HELP\r\n", 10'000));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), conversation.send("").size());
        CPPUNIT_ASSERT(conversation.largestOutput < 10'000);
    }

    void outputGivesMemoryBack()
    {
        Conversation conversation;
        conversation.sink.completion = Reply(250, "2.0.0", std::string(100'000, 'x'));
        const std::string replies = conversation.send(upToData + "DATA\r\n.\r\n");
        CPPUNIT_ASSERT(replies.size() > 100'000);
        CPPUNIT_ASSERT(conversation.send("NOOP\r\n") == "250 2.0.0 OK\r\n");
    }

    void workAfterReplyComesBeforeTheNextCommand()
    {
        Conversation conversation;
        conversation.sink.leavesWork = true;
        conversation.dialog.feed(upToData + "DATA\r\nx\r\n.\r\n" + transaction + "QUIT\r\n");
        CPPUNIT_ASSERT(conversation.dialog.hasWorkAfterReply());
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 354 250"),
                             codes(conversation.dialog.output()));
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 354 250 250 250 354 250 221"),
                             codes(conversation.pump()));
        const std::vector<std::string> expected = {"begin a@a.com",
                                                   "recipient b@a.com",
                                                   "open",
                                                   "complete 250",
                                                   "replied",
                                                   "begin a@a.com",
                                                   "recipient b@a.com",
                                                   "open",
                                                   "complete 250",
                                                   "replied"};
        CPPUNIT_ASSERT(expected == conversation.sink.calls);
    }

    void workAfterReplyIsDoneEvenIfTheClientIsGone()
    {
        RecordingSink sink;
        sink.leavesWork = true;
        const SessionOptions options;
        auto dialog = std::make_unique<Dialog>(options, someSession(), sink);
        dialog->feed(upToData + "DATA\r\nx\r\n.\r\n");
        dialog.reset();
        CPPUNIT_ASSERT_EQUAL(std::string("replied"), sink.calls.back());
    }

    void inputThatComesWhileWorkIsDueWaits()
    {
        Conversation conversation;
        conversation.sink.leavesWork = true;
        conversation.dialog.feed(upToData + "BDAT 1 LAST\r\nx");
        conversation.dialog.feed(repeat("NOOP\r\n", 5000));
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 250"), codes(conversation.dialog.output()));
        CPPUNIT_ASSERT_EQUAL("250 250 250 250" + repeat(" 250", 5000), codes(conversation.pump()));
    }

    void endlessLinesEndTheSession()
    {
        for (const std::size_t piece : {1000, 4096, 100'000})
        {
            Conversation conversation;
            const std::string replies =
                conversation.send(std::string(1'100'000, 'x') + "\r\nNOOP\r\n", piece);
            CPPUNIT_ASSERT_EQUAL(std::string("500 421"), codes(replies));
            CPPUNIT_ASSERT(replies.find("\r\n421 4.7.0 ") != std::string::npos);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                "memory stays", std::size_t(4096), conversation.dialog.writable().size);
        }
    }

    void httpAndTlsExecuteNothing()
    {
        const std::string mail = "\r\nHELO x\r\n" + transaction;
        const std::string hostile[] = {"GET / HTTP/1.1" + mail,
                                       "POST /x HTTP/1.0" + mail,
                                       "OPTIONS * HTTP/1.1" + mail,
                                       std::string("\x16\x03\x01\x02\x00\x01", 6) + mail,
                                       std::string("\x16\x03\x03\x00\x01\x01", 6) + mail};
        for (const std::string& octets : hostile)
            for (std::size_t piece = 1; piece <= octets.size(); ++piece)
            {
                Conversation conversation;
                CPPUNIT_ASSERT_EQUAL(std::string("554"), codes(conversation.send(octets, piece)));
                CPPUNIT_ASSERT(conversation.dialog.isClosed());
                CPPUNIT_ASSERT(conversation.sink.calls.empty());
                conversation.dialog.feed(mail);
                CPPUNIT_ASSERT_EQUAL(std::string(), conversation.pump());
            }
    }

    void timeoutsAreSaid()
    {
        for (const char* where : {"", "DATA\r\nhalf", "BDAT 100\r\nhalf", "NO"})
        {
            Conversation conversation;
            (void)conversation.send(upToData + where);
            conversation.dialog.timeout();
            CPPUNIT_ASSERT_EQUAL(std::string("421 4.4.2 mx.test "),
                                 conversation.pump().substr(0, 18));
            CPPUNIT_ASSERT(conversation.dialog.isClosed());
            CPPUNIT_ASSERT_EQUAL(std::string("drop 421"), conversation.sink.calls.back());
            conversation.dialog.timeout();
            CPPUNIT_ASSERT_EQUAL(std::string(), conversation.pump());
        }
    }

    void shutDownBetweenTransactions()
    {
        for (const char* before : {"", "EHLO x\r\n", "NO"})
        {
            Conversation conversation;
            (void)conversation.send(before);
            conversation.dialog.shutDown();
            CPPUNIT_ASSERT_EQUAL(std::string("421 4.3.2 mx.test "),
                                 conversation.pump().substr(0, 18));
            CPPUNIT_ASSERT(conversation.dialog.isClosed());
        }
    }

    void shutDownInATransactionLetsItEnd()
    {
        struct Row
        {
            std::string before;
            std::string after;
            std::string expected;
            std::size_t accepted;
        };

        const Row rows[] = {
            {"", "DATA\r\nx\r\n.\r\n", "354 250 421", 1},
            {"DATA\r\nx", "\r\n.\r\n", "250 421", 1},
            {"BDAT 2\r\nx", "yBDAT 0 LAST\r\n", "250 250 421", 1},
            {"", "RSET\r\n", "250 421", 0},
            {"", "QUIT\r\n", "221", 0},
        };
        for (const Row& row : rows)
        {
            Conversation conversation;
            (void)conversation.send(upToData + row.before);
            conversation.dialog.shutDown();
            CPPUNIT_ASSERT_EQUAL(std::string(), conversation.pump());
            CPPUNIT_ASSERT_EQUAL(row.expected, codes(conversation.send(row.after)));
            CPPUNIT_ASSERT(conversation.dialog.isClosed());
            CPPUNIT_ASSERT_EQUAL(row.accepted, conversation.sink.messages.size());
        }
    }

    void shutDownAcceptsNoFurtherMail()
    {
        Conversation conversation;
        (void)conversation.send(upToData + "DATA\r\n");
        conversation.dialog.shutDown();
        CPPUNIT_ASSERT_EQUAL(std::string("250 421"),
                             codes(conversation.send("x\r\n.\r\n" + transaction)));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), conversation.sink.messages.size());
    }

    void shutDownWhileWorkIsDue()
    {
        Conversation conversation;
        conversation.sink.leavesWork = true;
        conversation.dialog.feed(upToData + "DATA\r\nx\r\n.\r\n" + transaction);
        conversation.dialog.shutDown();
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 354 250 421"), codes(conversation.pump()));
        CPPUNIT_ASSERT_EQUAL(std::string("replied"), conversation.sink.calls.back());
    }

    void halfCloseDropsWhatIsNotComplete()
    {
        for (const char* rest : {"", "DATA\r\nx\r\n", "DATA\r\nx\r\n.\r", "BDAT 5 LAST\r\nabcd"})
        {
            Conversation conversation;
            (void)conversation.send(upToData + rest);
            CPPUNIT_ASSERT_EQUAL(std::string(), conversation.end());
            CPPUNIT_ASSERT(conversation.dialog.isClosed());
            CPPUNIT_ASSERT_EQUAL(std::string("drop -"), conversation.sink.calls.back());
        }
    }

    void halfCloseWhileWorkIsDue()
    {
        Conversation conversation;
        conversation.sink.leavesWork = true;
        conversation.dialog.feed(upToData + "DATA\r\nx\r\n.\r\n" + transaction);
        conversation.dialog.endOfInput();
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 354 250 250 250 354 250"),
                             codes(conversation.pump()));
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), conversation.sink.messages.size());
        CPPUNIT_ASSERT(conversation.dialog.isClosed());
    }

    void destructionDropsTheTransaction()
    {
        RecordingSink sink;
        const SessionOptions options;
        auto dialog = std::make_unique<Dialog>(options, someSession(), sink);
        dialog->feed(upToData + "DATA\r\nhalf");
        dialog.reset();
        CPPUNIT_ASSERT_EQUAL(std::string("drop -"), sink.calls.back());
    }

    void awaitingTellsWhichDeadlineHolds()
    {
        Conversation conversation;
        CPPUNIT_ASSERT(conversation.dialog.awaiting() == Awaiting::Command);
        (void)conversation.send(upToData + "BDAT 2\r\n");
        CPPUNIT_ASSERT(conversation.dialog.awaiting() == Awaiting::MailData);
        (void)conversation.send("ab");
        CPPUNIT_ASSERT(conversation.dialog.awaiting() == Awaiting::Command);
        (void)conversation.send("RSET\r\n" + upToData + "DATA\r\n");
        CPPUNIT_ASSERT(conversation.dialog.awaiting() == Awaiting::MailData);
        (void)conversation.send(".\r\n");
        CPPUNIT_ASSERT(conversation.dialog.awaiting() == Awaiting::Command);
    }

    void anIdleDialogIsSmall()
    {
        // With the 4 KiB of input and the stack pages in use this keeps 10,000 idle connections below 12 KiB each.
        CPPUNIT_ASSERT(sizeof(Dialog) < 1536);
        Conversation conversation;
        CPPUNIT_ASSERT_EQUAL(InputBuffer::firstOctets, conversation.dialog.writable().size);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DialogTest);
