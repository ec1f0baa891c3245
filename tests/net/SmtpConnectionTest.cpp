// The loop between dialog and transport, with a transport that is a script.
#include "net/SmtpConnection.h"
#include "TestServer.h"
#include "net/ConnectionRegistry.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <vector>

using namespace mpsmtp::net;
using mpsmtp::net::test::Mailbox;
using std::chrono::milliseconds;

namespace
{

constexpr PatienceLimits limits{milliseconds(300'000), milliseconds(600'000), 1000};

/// One receive() of the script: something may happen meanwhile, then octets come, or the end of
/// input.
struct Step
{
    std::string octets;
    std::function<void()> meanwhile;
};

class ScriptedTransport : public Transport
{
public:
    Received receive(char* data, std::size_t size) override
    {
        if (steps.empty())
            return {end, 0};
        const Step step = steps.front();
        steps.pop_front();
        if (step.meanwhile)
            step.meanwhile();
        CPPUNIT_ASSERT(step.octets.size() <= size);
        std::copy(step.octets.begin(), step.octets.end(), data);
        return {step.octets.empty() ? IoStatus::EndOfInput : IoStatus::Done, step.octets.size()};
    }

    IoStatus send(std::string_view octets) override
    {
        sent.emplace_back(octets);
        return sent.size() > sendsUntilFailure ? IoStatus::Failed : IoStatus::Done;
    }

    void finish(milliseconds) noexcept override { ++finished; }

    std::deque<Step> steps;
    IoStatus end = IoStatus::EndOfInput;
    std::size_t sendsUntilFailure = 1000;
    std::vector<std::string> sent;
    int finished = 0;
};

const std::string transaction = "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n";

} // namespace

class SmtpConnectionTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SmtpConnectionTest);
    CPPUNIT_TEST(allThatCameInOneReceiveIsAnsweredInOneSend);
    CPPUNIT_TEST(aHalfClosedClientGetsItsReplies);
    CPPUNIT_TEST(aVanishedClientIsNotTalkedTo);
    CPPUNIT_TEST(aFailedSendEndsTheSession);
    CPPUNIT_TEST(aMessageIsKeptThoughItsReplyIsLost);
    CPPUNIT_TEST(whoIsDoneIsNotWaitedFor);
    CPPUNIT_TEST(aPassedDeadlineIsAnsweredWith421);
    CPPUNIT_TEST(aPassedDeadlineInMailDataDropsTheMessage);
    CPPUNIT_TEST(aCommandThatMeetsTheShutdownIsNotExecuted);
    CPPUNIT_TEST(aTransactionOutlivesTheBeginOfTheShutdown);
    CPPUNIT_TEST(whoConnectsDuringTheShutdownGets421);
    CPPUNIT_TEST_SUITE_END();

    Mailbox _mailbox;
    ConnectionRegistry _registry{""};
    ScriptedTransport _transport;

    void serve()
    {
        const auto sink = mpsmtp::net::test::sinkFactoryOf(_mailbox)();
        const mpsmtp::smtp::SessionOptions options;
        mpsmtp::smtp::SessionInfo info;
        info.hostname = "mx.example.com";
        mpsmtp::smtp::Dialog dialog(options, info, *sink);
        Watch watch(_registry, -1, CoarseClock::now());
        CPPUNIT_ASSERT(watch.claim());
        SmtpConnection(dialog, _transport, watch, limits).serve();
    }

    void assertSent(const std::vector<std::string>& beginnings) const
    {
        CPPUNIT_ASSERT_EQUAL(beginnings.size(), _transport.sent.size());
        for (std::size_t i = 0; i < beginnings.size(); ++i)
            CPPUNIT_ASSERT_EQUAL(beginnings[i], _transport.sent[i].substr(0, beginnings[i].size()));
    }

    void allThatCameInOneReceiveIsAnsweredInOneSend()
    {
        _transport.steps = {{transaction, {}}, {"x\r\n.\r\nNOOP\r\nQUIT\r\n", {}}};
        serve();
        assertSent({"220 ", "250-", "250 2.6.0 taken\r\n250 2.0.0"});
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), _mailbox.messages().size());
    }

    void aHalfClosedClientGetsItsReplies()
    {
        _transport.steps = {{transaction + "x\r\n.\r\nNOOP\r\nNOO", {}}, {"", {}}};
        serve();
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), _mailbox.messages().size());
        CPPUNIT_ASSERT(_transport.sent.back().find("250 2.6.0 taken\r\n250 2.0.0") !=
                       std::string::npos);
    }

    void aVanishedClientIsNotTalkedTo()
    {
        _transport.steps = {{transaction, {}}, {"half a mess", {}}};
        _transport.end = IoStatus::Failed;
        serve();
        assertSent({"220 ", "250-"});
        CPPUNIT_ASSERT_EQUAL(0, _transport.finished);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), _mailbox.messages().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), _mailbox.drops());
    }

    void aFailedSendEndsTheSession()
    {
        _transport.sendsUntilFailure = 1;
        _transport.steps = {{transaction, {}}, {"x\r\n.\r\n", {}}};
        serve();
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), _mailbox.messages().size());
    }

    void aMessageIsKeptThoughItsReplyIsLost()
    {
        _transport.sendsUntilFailure = 2;
        _transport.steps = {{transaction, {}}, {"x\r\n.\r\n", {}}};
        serve();
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), _mailbox.messages().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), _mailbox.drops());
    }

    void whoIsDoneIsNotWaitedFor()
    {
        const struct
        {
            Step last;
            int waits;
            const char* reason;
        } rows[] = {
            {{"QUIT\r\n", {}}, 0, "RFC 5321 4.1.1.10: it has nothing more to say"},
            {{"", {}}, 0, "it has closed its side: nothing more can come"},
            {{"GET / HTTP/1.1\r\nHost: x\r\n", {}},
             1,
             "it may still be sending, and would lose the reply"},
        };

        for (const auto& row : rows)
        {
            _transport.finished = 0;
            _transport.steps = {row.last};
            serve();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.reason, row.waits, _transport.finished);
        }
    }

    void aPassedDeadlineIsAnsweredWith421()
    {
        _transport.steps = {{"NOO", [this] { passDeadline(); }}};
        serve();
        assertSent({"220 ", "421 4.4.2 mx.example.com"});
    }

    void aPassedDeadlineInMailDataDropsTheMessage()
    {
        _transport.steps = {{transaction, {}}, {"x\r\n.\r\n", [this] { passDeadline(); }}};
        serve();
        assertSent({"220 ", "250-", "421 4.4.2"});
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), _mailbox.messages().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), _mailbox.drops());
    }

    void aCommandThatMeetsTheShutdownIsNotExecuted()
    {
        _transport.steps = {{"EHLO c\r\n", {}},
                            {"MAIL FROM:<a@b>\r\n", [this] { _registry.beginShutdown(); }}};
        serve();
        assertSent({"220 ", "250-", "421 4.3.2 mx.example.com"});
    }

    void aTransactionOutlivesTheBeginOfTheShutdown()
    {
        _transport.steps = {{transaction, {}},
                            {"one\r\n", [this] { _registry.beginShutdown(); }},
                            {"two\r\n.\r\n", {}}};
        serve();
        assertSent({"220 ", "250-", "250 2.6.0 taken\r\n421 4.3.2"});
        CPPUNIT_ASSERT_EQUAL(std::string("one\r\ntwo\r\n"), _mailbox.messages().at(0));
    }

    void whoConnectsDuringTheShutdownGets421()
    {
        _registry.beginShutdown();
        _transport.steps = {{transaction, {}}};
        serve();
        assertSent({"421 4.3.2"});
    }

    void passDeadline() { _registry.sweep(CoarseClock::now() + std::chrono::hours(1)); }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SmtpConnectionTest);
