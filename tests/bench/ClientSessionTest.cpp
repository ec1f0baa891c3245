// The client's side of a session, against replies that the test makes: what is sent when, and what is counted.
#include "bench/load/ClientSession.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace mpsmtp::bench;

namespace
{

constexpr std::uint64_t octets = 200;

class Run
{
public:
    explicit Run(LoadPlan wanted) : plan(std::move(wanted)), numbers(plan.messages) {}

    /// Gives a reply. \return all that is sent then, message contents as "(content N)"
    std::string on(int code)
    {
        if (!session.onReply({code, "the reply"}, now))
            return "lost";
        std::string text = take();
        session.onFlushed(now);
        now += std::chrono::milliseconds(1);
        return text;
    }

    /// Greeting and hello are answered.
    std::string start()
    {
        (void)on(220);
        return on(250);
    }

    const LoadPlan plan;
    const MailMaker maker{1, octets};
    MessageNumbers numbers;
    Tally tally;
    ClientSession session{plan, maker, numbers, tally};
    Clock::time_point now;

private:
    std::string take()
    {
        std::string text;
        while (!session.output().isEmpty())
        {
            // A few octets at a time, as if the kernel took no more.
            const iovec& piece = session.output().pieces().front();
            const std::size_t size = std::min<std::size_t>(piece.iov_len, 7);
            text.append(static_cast<const char*>(piece.iov_base), size);
            session.output().consume(size);
        }
        return shorten(text);
    }

    [[nodiscard]] std::string shorten(std::string text) const
    {
        for (std::uint64_t number = 0; number < plan.messages; ++number)
        {
            const Mail mail = maker.mail(number);
            const std::string content = mail.head + std::string(mail.shared) + mail.tail;
            if (const std::size_t at = text.find(content); at != std::string::npos)
                text.replace(at, content.size(), "(content " + std::to_string(number) + ")");
        }
        for (std::size_t at = 0; (at = text.find("\r\n")) != std::string::npos;)
            text.replace(at, 2, "|");
        return text;
    }
};

LoadPlan planFor(std::uint64_t messages, Pipelining pipelining = Pipelining::None)
{
    LoadPlan plan;
    plan.messages = messages;
    plan.octets = octets;
    plan.pipelining = pipelining;
    plan.acknowledgedFile = "ids";
    return plan;
}

const std::string mail = "MAIL FROM:<load@example.com>|";
const std::string box0 = "RCPT TO:<box0@example.com>|";
const std::string box1 = "RCPT TO:<box1@example.com>|";

} // namespace

class ClientSessionTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ClientSessionTest);
    CPPUNIT_TEST(withoutPipeliningEachCommandWaitsForItsReply);
    CPPUNIT_TEST(aPipelinedTransactionIsOneSend);
    CPPUNIT_TEST(theNextTransactionFollowsTheFinalDot);
    CPPUNIT_TEST(chunksOfAMessageAddUpToIt);
    CPPUNIT_TEST(pipelinedChunksKeepTwoTransactionsOnTheirWay);
    CPPUNIT_TEST(anLmtpServerAnswersForEachAcceptedRecipient);
    CPPUNIT_TEST(aRefusedCommandEndsTheTransactionAndCounts);
    CPPUNIT_TEST(aRefusedRecipientAmongSeveralMakesTheMessageRefused);
    CPPUNIT_TEST(aRefusedContentIsNotAcknowledged);
    CPPUNIT_TEST(aConnectionHasItsShareOfMessages);
    CPPUNIT_TEST(recipientsTakeTurnsOrAreDistinct);
    CPPUNIT_TEST(latencyIsFromTheFinalDotToItsReply);
    CPPUNIT_TEST(whatALostConnectionHadOnItsWayIsUnanswered);
    CPPUNIT_TEST_SUITE_END();

public:
    void withoutPipeliningEachCommandWaitsForItsReply()
    {
        Run run(planFor(1));
        CPPUNIT_ASSERT_EQUAL(std::string("EHLO load.example.com|"), run.on(220));
        CPPUNIT_ASSERT_EQUAL(mail, run.on(250));
        CPPUNIT_ASSERT_EQUAL(box0, run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::string("DATA|"), run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::string("(content 0).|"), run.on(354));
        CPPUNIT_ASSERT_EQUAL(std::string("QUIT|"), run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::string(), run.on(221));
        CPPUNIT_ASSERT(run.session.isDone());
        CPPUNIT_ASSERT_EQUAL(std::string("00000001-0000000000\n"), run.tally.acknowledgedIds);
    }

    void aPipelinedTransactionIsOneSend()
    {
        Run run(planFor(2, Pipelining::Transaction));
        CPPUNIT_ASSERT_EQUAL(mail + box0 + "DATA|", run.start());
        CPPUNIT_ASSERT_EQUAL(std::string(), run.on(250) + run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::string("(content 0).|"), run.on(354));
        CPPUNIT_ASSERT_EQUAL(mail + box0 + "DATA|", run.on(250));
    }

    void theNextTransactionFollowsTheFinalDot()
    {
        Run run(planFor(2, Pipelining::Next));
        CPPUNIT_ASSERT_EQUAL(mail + box0 + "DATA|", run.start());
        CPPUNIT_ASSERT_EQUAL(std::string(), run.on(250) + run.on(250));
        CPPUNIT_ASSERT_EQUAL("(content 0).|" + mail + box0 + "DATA|", run.on(354));
        CPPUNIT_ASSERT_EQUAL(std::string(), run.on(250) + run.on(250) + run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::string("(content 1).|"), run.on(354));
        CPPUNIT_ASSERT_EQUAL(std::string("QUIT|"), run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, run.tally.acknowledged);
    }

    void chunksOfAMessageAddUpToIt()
    {
        LoadPlan plan = planFor(1);
        plan.usesBdat = true;
        plan.chunk = 90;
        Run run(plan);
        (void)run.start();
        (void)run.on(250);
        std::string content;
        for (const char* const command : {"BDAT 90|", "BDAT 90|", "BDAT 20 LAST|"})
        {
            const std::string sent = run.on(250);
            CPPUNIT_ASSERT_EQUAL(std::string(command), sent.substr(0, std::string(command).size()));
            content += sent.substr(std::string(command).size());
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, content.find("From: <load@example.com>|"));
        CPPUNIT_ASSERT(content.find("|end of 00000001-0000000000|") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("QUIT|"), run.on(250));
    }

    void pipelinedChunksKeepTwoTransactionsOnTheirWay()
    {
        LoadPlan plan = planFor(3, Pipelining::Next);
        plan.usesBdat = true;
        Run run(plan);
        const std::string before = mail + box0 + "BDAT 200 LAST|(content ";
        CPPUNIT_ASSERT_EQUAL(before + "0)" + before + "1)", run.start());
        CPPUNIT_ASSERT_EQUAL(before + "2)", run.on(250) + run.on(250) + run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::string(), run.on(250) + run.on(250) + run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::string("QUIT|"), run.on(250) + run.on(250) + run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, run.tally.acknowledged);
    }

    void anLmtpServerAnswersForEachAcceptedRecipient()
    {
        LoadPlan plan = planFor(1, Pipelining::Transaction);
        plan.speaksLmtp = true;
        plan.recipients = 2;
        Run run(plan);
        CPPUNIT_ASSERT_EQUAL(std::string("LHLO load.example.com|"), run.on(220));
        CPPUNIT_ASSERT_EQUAL(mail + box0 + box1 + "DATA|", run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::string(), run.on(250) + run.on(250) + run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::string("(content 0).|"), run.on(354));
        CPPUNIT_ASSERT_EQUAL(std::string(), run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, run.tally.acknowledged);
        CPPUNIT_ASSERT_EQUAL(std::string("QUIT|"), run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, run.tally.acknowledged);
    }

    void aRefusedCommandEndsTheTransactionAndCounts()
    {
        const struct
        {
            const char* why;
            Pipelining pipelining;
            std::vector<int> replies;
        } rows[] = {
            {"MAIL", Pipelining::None, {451}},
            {"RCPT", Pipelining::None, {250, 550}},
            {"DATA", Pipelining::None, {250, 250, 451}},
            {"pipelined MAIL", Pipelining::Next, {451, 503, 503}},
            {"pipelined DATA", Pipelining::Transaction, {250, 250, 451}},
            {"a 250 where 354 is due", Pipelining::Transaction, {250, 250, 250}},
        };

        for (const auto& row : rows)
        {
            Run run(planFor(2, row.pipelining));
            (void)run.start();
            std::string last;
            for (const int code : row.replies)
                last = run.on(code);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string("RSET|"), last);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::uint64_t{1}, run.tally.refused);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, mail, run.on(250).substr(0, mail.size()));
        }
    }

    void aRefusedRecipientAmongSeveralMakesTheMessageRefused()
    {
        LoadPlan plan = planFor(1, Pipelining::Transaction);
        plan.recipients = 2;
        Run run(plan);
        (void)run.start();
        (void)run.on(250);
        (void)run.on(250);
        (void)run.on(550);
        CPPUNIT_ASSERT_EQUAL(std::string("(content 0).|"), run.on(354));
        CPPUNIT_ASSERT_EQUAL(std::string("QUIT|"), run.on(250));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, run.tally.refused);
        CPPUNIT_ASSERT_EQUAL(std::string("the reply"), run.tally.firstRefusal);
    }

    void aRefusedContentIsNotAcknowledged()
    {
        Run run(planFor(2, Pipelining::Next));
        (void)run.start();
        (void)run.on(250);
        (void)run.on(250);
        (void)run.on(354);
        // The next transaction is under way: a RSET would be taken for its content.
        CPPUNIT_ASSERT_EQUAL(std::string(), run.on(452));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, run.tally.refused);
        CPPUNIT_ASSERT_EQUAL(std::string(), run.tally.acknowledgedIds);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, run.tally.latency.count());
    }

    void aConnectionHasItsShareOfMessages()
    {
        LoadPlan plan = planFor(5, Pipelining::Transaction);
        plan.perConnection = 1;
        Run run(plan);
        (void)run.start();
        (void)run.on(250);
        (void)run.on(250);
        (void)run.on(354);
        CPPUNIT_ASSERT_EQUAL(std::string("QUIT|"), run.on(250));
        CPPUNIT_ASSERT(run.numbers.areLeft());
    }

    void recipientsTakeTurnsOrAreDistinct()
    {
        LoadPlan plan = planFor(3, Pipelining::Transaction);
        plan.mailboxes = 2;
        Run turns(plan);
        CPPUNIT_ASSERT_EQUAL(mail + box0 + "DATA|", turns.start());
        (void)turns.on(250);
        (void)turns.on(250);
        (void)turns.on(354);
        CPPUNIT_ASSERT_EQUAL(mail + box1 + "DATA|", turns.on(250));
        plan.recipients = 2;
        Run distinct(plan);
        CPPUNIT_ASSERT_EQUAL(mail + box0 + box1 + "DATA|", distinct.start());
    }

    void latencyIsFromTheFinalDotToItsReply()
    {
        Run run(planFor(1, Pipelining::Transaction));
        (void)run.start();
        (void)run.on(250);
        (void)run.on(250);
        (void)run.on(354);
        run.now += std::chrono::milliseconds(8); // and one that on() has put behind the dot
        (void)run.on(250);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, run.tally.latency.count());
        CPPUNIT_ASSERT(run.tally.latency.max() == std::chrono::milliseconds(9));
    }

    void whatALostConnectionHadOnItsWayIsUnanswered()
    {
        Run run(planFor(3, Pipelining::Next));
        (void)run.start();
        (void)run.on(250);
        (void)run.on(250);
        (void)run.on(354);
        CPPUNIT_ASSERT_EQUAL(std::string("lost"), run.on(421));
        run.session.onLost("closed");
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, run.tally.unanswered);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, run.tally.failedConnections);
        ClientSession silent(run.plan, run.maker, run.numbers, run.tally);
        silent.onLost("refused"); // it had none yet: one is given up, so that the run ends
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, run.tally.unanswered);
        CPPUNIT_ASSERT(!run.numbers.areLeft());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ClientSessionTest);
