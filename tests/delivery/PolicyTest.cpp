// Tests of the policy side of a session: which hooks are asked when, what their answers do, redirected recipients, and
// what handlers keep with a session and a transaction.
#include "delivery/ServiceFixture.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <optional>
#include <thread>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;
namespace smtp = mpsmtp::smtp;

namespace
{

using Keys = ServiceFixture::Keys;

constexpr const char* reject = "3"; // MPSMTP_REJECT
constexpr const char* accept = "1"; // MPSMTP_ACCEPT
const std::string local = "451 4.3.0 Local error in processing, try again later";

std::string shown(const std::optional<smtp::Reply>& reply)
{
    return reply ? ServiceFixture::shown(*reply) : "go on";
}

} // namespace

class PolicyTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PolicyTest);
    CPPUNIT_TEST(everyHookIsAskedInTheOrderOfTheSession);
    CPPUNIT_TEST(theFirstOpinionEndsTheChain);
    CPPUNIT_TEST(aRefusedTransactionIsReset);
    CPPUNIT_TEST(faultsFollowOnError);
    CPPUNIT_TEST(aListenerMayHaveItsOwnFilters);
    CPPUNIT_TEST(unknownFiltersOfAListenerAreTold);
    CPPUNIT_TEST(aliasesReachTheHandlersOnceEach);
    CPPUNIT_TEST(storesAreAskedAboutTheirRecipients);
    CPPUNIT_TEST(aHandlerMayThrottleTheSession);
    CPPUNIT_TEST(aBusyHandlerDefersTheMail);
    CPPUNIT_TEST(aReplyThatIsDueIsNotWaitedFor);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { _fixture.emplace(); }

    void tearDown() override { _fixture.reset(); }

    void everyHookIsAskedInTheOrderOfTheSession()
    {
        _fixture->add("one", "d");
        _fixture->add("policy", "p");
        run();
        CPPUNIT_ASSERT_EQUAL(std::string("go on"), shown(_fixture->sink->connected(session())));
        CPPUNIT_ASSERT_EQUAL(std::string("go on"), shown(_fixture->sink->helo(session())));
        (void)_fixture->send();
        _fixture->sink->disconnected(session());
        CPPUNIT_ASSERT_EQUAL(
            std::string("p onConnect 192.0.2.1, p onHelo client.example.com, p onMail "
                        "<from@example.org>, "
                        "p onRcpt <to0@example.com> behind 0, p onRcpt <to1@example.com> behind 1, "
                        "p onData <to0@example.com>,<to1@example.com>, "
                        "p onMessage <to0@example.com>,<to1@example.com>, d deliver, "
                        "p onAccepted 2 rcpt, p onDisconnect 7"),
            _fixture->calls());
    }

    void theFirstOpinionEndsTheChain()
    {
        struct Row
        {
            const char* hook;
            std::string reply;
        };

        for (const Row& row : {Row{"onConnect", "554 5.7.1 Access denied"},
                               Row{"onHelo", "550 5.7.1 Name refused"},
                               Row{"onMail", "550 5.7.1 Sender refused"},
                               Row{"onRcpt", "550 5.7.1 Recipient refused"},
                               Row{"onData", "554 5.7.1 Message refused"},
                               Row{"onMessage", "554 5.7.1 Message refused"}})
        {
            _fixture.emplace();
            _fixture->add("one", "d");
            _fixture->add("policy", "first");
            _fixture->add("policy", "second", {{"on", row.hook}, {"verdict", reject}});
            _fixture->add("policy", "third");
            run();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.hook, row.reply, wholeSession());
            const std::string calls = _fixture->calls();
            const auto asked = [&](const char* who)
            { return calls.find(std::string(who) + " " + row.hook) != std::string::npos; };
            CPPUNIT_ASSERT_MESSAGE(calls, asked("first") && asked("second") && !asked("third"));
            CPPUNIT_ASSERT_MESSAGE(calls, calls.find("deliver") == std::string::npos);
        }
    }

    void aRefusedTransactionIsReset()
    {
        for (const char* hook : {"onMail", "onData", "onMessage"})
        {
            _fixture.emplace();
            _fixture->add("one", "d");
            _fixture->add("policy", "p", {{"on", hook}, {"verdict", reject}});
            run();
            (void)wholeSession();
            const std::string calls = _fixture->calls();
            CPPUNIT_ASSERT_MESSAGE(calls, calls.find("p onReset") != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(calls, calls.find("p onAccepted") == std::string::npos);
        }
    }

    void faultsFollowOnError()
    {
        struct Row
        {
            OnError onError;
            std::string expected;
        };

        for (const Row& row : {Row{OnError::Defer, local},
                               Row{OnError::Skip, "250 2.0.0 Ok: ID"},
                               Row{OnError::Reject, "554 5.3.0 Local error in processing"}})
            for (const char* how : {"std", "int", "bad_alloc"})
            {
                _fixture.emplace();
                _fixture->add("one", "d");
                _fixture->add("policy", "p", {{"fail", "onData"}, {"how", how}}).onError =
                    row.onError;
                run();
                CPPUNIT_ASSERT_EQUAL_MESSAGE(how, row.expected, wholeSession());
                const auto lines = _fixture->log("handler.p");
                CPPUNIT_ASSERT_EQUAL(std::size_t{1}, lines.size());
                CPPUNIT_ASSERT_MESSAGE(lines[0], lines[0].find("onData id=") == 0);
            }
    }

    void aListenerMayHaveItsOwnFilters()
    {
        _fixture->add("one", "d");
        _fixture->add("policy", "everywhere");
        _fixture->add("policy", "inside");
        _fixture->config.filterChain = {"everywhere"};
        _fixture->config.listenerFilters = {{"lan", {"inside"}, {}}, {"open", {}, {}}};
        run();

        struct Row
        {
            const char* listener;
            std::string asked;
        };

        for (const Row& row : {Row{"main", "everywhere onConnect 192.0.2.1"},
                               Row{"lan", "inside onConnect 192.0.2.1"},
                               Row{"open", ""}})
        {
            auto info = session();
            info.listener = row.listener;
            (void)_fixture->sink->connected(info);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.listener, row.asked, _fixture->calls());
        }
    }

    void unknownFiltersOfAListenerAreTold()
    {
        _fixture->add("one", "d");
        _fixture->add("policy", "known");
        _fixture->config.listenerFilters = {{"lan", {"knwon", "d"}, {"test.ini", 50}}};
        const auto problems = _fixture->load();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, problems.size());
        CPPUNIT_ASSERT_EQUAL(std::string("50: [listener:lan] filters: there is no section "
                                         "[handler:knwon] (did you mean \"known\"?)"),
                             problems[0]);
        CPPUNIT_ASSERT_EQUAL(std::string("50: [listener:lan] filters: \"d\" cannot filter: its "
                                         "plugin has no hook that judges, such as onRcpt or "
                                         "onMessage"),
                             problems[1]);
    }

    void aliasesReachTheHandlersOnceEach()
    {
        _fixture->add("policy",
                      "alias",
                      {{"on", "redirect"},
                       {"redirect", "anna@example.com, bob@example.com, anna@example.com"}});
        _fixture->add("policy", "seen");
        _fixture->add("one", "d");
        _fixture->add("picky", "asked"); // about each of them
        run();
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.0.0 Ok: ID"), wholeSession());
        const std::string calls = _fixture->calls();
        CPPUNIT_ASSERT_MESSAGE(calls,
                               calls.find("seen onRcpt <to0@example.com>") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(calls,
                               calls.find("seen onMessage <anna@example.com>,<bob@example.com>,") !=
                                   std::string::npos);
    }

    void storesAreAskedAboutTheirRecipients()
    {
        _fixture->add("one", "d");
        _fixture->add("policy", "filter", {{"on", "onRcpt"}, {"verdict", accept}});
        auto& store = _fixture->add("picky", "store");
        store.settings.push_back({"unknown", "to1@example.com", {}});
        run();
        smtp::Envelope envelope;
        (void)_fixture->sink->begin(session(), envelope);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "Accept ends the filters, not the stores' right to say no",
            std::string("go on"),
            shown(
                ServiceFixture::add(*_fixture->sink, envelope, ServiceFixture::recipient("to0"))));
        CPPUNIT_ASSERT_EQUAL(std::string("550 5.1.1 No such user here"),
                             shown(ServiceFixture::add(
                                 *_fixture->sink, envelope, ServiceFixture::recipient("to1"))));
        _fixture->sink->drop(session(), envelope, nullptr);
    }

    void aHandlerMayThrottleTheSession()
    {
        _fixture->add("one", "d");
        _fixture->add("policy", "p");
        run();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, _fixture->sink->octetsPerSecond());
        (void)_fixture->sink->connected(session());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{77}, _fixture->sink->octetsPerSecond());
    }

    /// Two sessions, one slot: the second one is told to come again, and the first one is not disturbed.
    void aBusyHandlerDefersTheMail()
    {
        auto& section = _fixture->add("policy", "p", {{"on", "onData"}, {"sleep", "300ms"}});
        section.concurrency = 1;
        section.slotTimeout = std::chrono::milliseconds(1);
        _fixture->add("one", "d");
        run();
        std::atomic<int> refused{0};
        const auto send = [&]
        {
            const auto sink = _fixture->service->newSink();
            smtp::Envelope envelope;
            (void)sink->begin(session(), envelope);
            (void)ServiceFixture::add(*sink, envelope, ServiceFixture::recipient("to"));
            const auto reply = sink->open(session(), envelope);
            if (reply && reply->code == 451 && reply->enhanced == "4.3.2")
                ++refused;
            sink->drop(session(), envelope, nullptr);
        };
        std::thread other(send);
        send();
        other.join();
        CPPUNIT_ASSERT_EQUAL(1, refused.load());
    }

    /// FixedClock goes on by 5 ms a look.
    void aReplyThatIsDueIsNotWaitedFor()
    {
        _fixture->add("two", "a");
        _fixture->add("two", "b");
        _fixture->config.replyTimeout = std::chrono::milliseconds(15);
        run();
        CPPUNIT_ASSERT_EQUAL(std::string("451 4.3.0 Cannot deliver now, try again later"),
                             _fixture->send());
        const std::string calls = _fixture->calls();
        CPPUNIT_ASSERT_MESSAGE(calls, calls.find("commit") == std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(calls, calls.find("a abort") != std::string::npos);
    }

private:
    static smtp::SessionInfo session() { return ServiceFixture::session(); }

    void run()
    {
        CPPUNIT_ASSERT(_fixture->run());
        (void)_fixture->calls();
    }

    /// \return the first refusal, or the last reply
    std::string wholeSession()
    {
        smtp::MessageSink& sink = *_fixture->sink;
        smtp::Envelope envelope;
        envelope.reversePath.address = "from@example.org";
        auto refusal = sink.connected(session());
        if (!refusal)
            refusal = sink.helo(session());
        if (refusal)
            return shown(refusal);
        refusal = sink.begin(session(), envelope);
        if (!refusal)
            refusal = ServiceFixture::add(sink, envelope, ServiceFixture::recipient("to0"));
        if (!refusal)
            refusal = sink.open(session(), envelope);
        if (refusal)
        {
            sink.drop(session(), envelope, &*refusal);
            return shown(refusal);
        }
        (void)ServiceFixture::put(sink, "A: 1\r\n\r\nbody\r\n");
        std::string reply = ServiceFixture::shown(sink.complete(session(), envelope));
        if (sink.hasWorkAfterReply())
            sink.replied();
        const auto id = reply.find(envelope.id);
        return id == std::string::npos ? reply : reply.replace(id, envelope.id.size(), "ID");
    }

    std::optional<ServiceFixture> _fixture;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PolicyTest);
