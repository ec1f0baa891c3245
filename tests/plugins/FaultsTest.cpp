// The handler `faults`: which rule acts, what it answers, and what is counted.
#include "faults/FaultsHandler.h"

#include "plugins/TestFolder.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace mpsmtp;
using faults::FaultsHandler;

namespace
{

using Options = test::TestHost::Options;

Options withSeed(Options options)
{
    options.emplace("seed", "1");
    return options;
}

/// A handler with its host, and a session that steps through it.
class Faults
{
public:
    explicit Faults(Options options)
        : _host(withSeed(std::move(options))), _handler(_host.context()), _table(_host.table())
    {
        _table.throttle = [](mpsmtp_scope* scope, std::uint64_t rate) noexcept
        { *reinterpret_cast<std::uint64_t*>(scope) = rate; };
        _raw.size = sizeof(_raw);
        _raw.client_address = detail::toAbi("192.0.2.1");
        _raw.helo = detail::toAbi("client.example");
        _raw.scope = reinterpret_cast<mpsmtp_scope*>(&_rate);
    }

    [[nodiscard]] Session session() { return {_table, _raw}; }

    Verdict connect()
    {
        Session view = session();
        return _handler.onConnect(view);
    }

    Verdict helo()
    {
        Session view = session();
        return _handler.onHelo(view);
    }

    Verdict mail(const std::string& from)
    {
        test::TestMail mail(_host);
        mail.from(from);
        Envelope envelope = mail.envelope();
        Session view = session();
        return _handler.onMail(view, envelope);
    }

    Verdict rcpt(const std::string& address)
    {
        test::TestMail mail(_host);
        Envelope envelope = mail.envelope();
        mpsmtp_recipient raw{};
        raw.size = sizeof(raw);
        raw.address = detail::toAbi(address);
        NewRecipient recipient(_host.table(), nullptr, raw);
        Session view = session();
        return _handler.onRcpt(view, envelope, recipient);
    }

    Verdict data(test::TestMail& mail)
    {
        Envelope envelope = mail.envelope();
        Session view = session();
        return _handler.onData(view, envelope);
    }

    Verdict message(test::TestMail& mail)
    {
        Envelope envelope = mail.envelope();
        Message content = mail.message();
        Session view = session();
        return _handler.onMessage(view, envelope, content);
    }

    void setDeadline(std::chrono::steady_clock::duration left)
    {
        _raw.deadline =
            std::chrono::nanoseconds((std::chrono::steady_clock::now() + left).time_since_epoch())
                .count();
    }

    [[nodiscard]] std::uint64_t rate() const { return _rate; }

    [[nodiscard]] FaultsHandler& handler() { return _handler; }

    [[nodiscard]] test::TestHost& host() { return _host; }

private:
    test::TestHost _host;
    FaultsHandler _handler;
    mpsmtp_host _table;
    mpsmtp_session _raw{};
    std::uint64_t _rate = 0;
};

std::string reasonOf(Options options)
{
    try
    {
        const Faults faults(std::move(options));
        return "";
    }
    catch (const std::exception& error)
    {
        return error.what();
    }
}

std::string contentOf(const std::string& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

class FaultsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(FaultsTest);
    CPPUNIT_TEST(aRuleActsOnItsVerbOnly);
    CPPUNIT_TEST(repliesBecomeTheVerdictOfTheirClass);
    CPPUNIT_TEST(allConditionsMustHold);
    CPPUNIT_TEST(theFirstRuleThatAnswersIsTheLast);
    CPPUNIT_TEST(onlyTimesWhenConditionsHoldAreCounted);
    CPPUNIT_TEST(eightThreadsShareOneSequence);
    CPPUNIT_TEST(lotsAreTheSameInEveryRunAndForEveryNumberOfThreads);
    CPPUNIT_TEST(aDelayIsALowerBound);
    CPPUNIT_TEST(aDelayEndsAtTheDeadline);
    CPPUNIT_TEST(throttleSlowsTheSession);
    CPPUNIT_TEST(everyHitIsInTheLogAndInTheFileBeforeTheVerdict);
    CPPUNIT_TEST(countersStayRightUnderThreads);
    CPPUNIT_TEST(countersThatCannotBeWrittenStopTheStart);
    CPPUNIT_TEST(countersThatBreakLaterAreToldOnceAndChangeNoReply);
    CPPUNIT_TEST(allMistakesOfAllRulesAreToldAtOnce);
    CPPUNIT_TEST(rulesMayStandInAFile);
    CPPUNIT_TEST_SUITE_END();

    void aRuleActsOnItsVerbOnly()
    {
        const std::vector<std::string> verbs{"connect", "helo", "mail", "rcpt", "data", "message"};
        for (std::size_t wanted = 0; wanted < verbs.size(); ++wanted)
        {
            Faults faults(Options{{"rule1", "on " + verbs[wanted] + " do drop"}});
            test::TestMail mail(faults.host());
            const std::vector<Verdict> verdicts{faults.connect(),
                                                faults.helo(),
                                                faults.mail("a@a.test"),
                                                faults.rcpt("b@b.test"),
                                                faults.data(mail),
                                                faults.message(mail)};
            for (std::size_t i = 0; i < verdicts.size(); ++i)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(verbs[wanted] + " at " + verbs[i],
                                             i == wanted,
                                             verdicts[i].kind() == Verdict::Drop);
        }
    }

    void repliesBecomeTheVerdictOfTheirClass()
    {
        const struct
        {
            const char* why;
            const char* action;
            Verdict::Kind kind;
            unsigned code;
        } cases[] = {
            {"temporary", "reply=\"451 4.3.0 Later\"", Verdict::Defer, 451},
            {"permanent", "reply=\"554 5.7.1 No\"", Verdict::Reject, 554},
            {"421 closes", "reply=\"421 4.3.2 Bye\"", Verdict::Disconnect, 421},
            {"stored nowhere", "discard", Verdict::Discard, 0},
            {"only counted", "continue", Verdict::Continue, 0},
        };

        for (const auto& each : cases)
        {
            Faults faults(Options{{"rule1", std::string("on message do ") + each.action}});
            test::TestMail mail(faults.host());
            const Verdict verdict = faults.message(mail);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(each.why, each.kind, verdict.kind());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(each.why, each.code, verdict.reply().code());
        }
    }

    void allConditionsMustHold()
    {
        const struct
        {
            const char* why;
            const char* conditions;
            bool holds;
        } cases[] = {
            {"none", "", true},
            {"all of them",
             "client=192.0.2.0/24 helo=*.example from=*@example.org to=donna@* size>10 size<1K "
             "header.subject=*two* header.x-n=1",
             true},
            {"one of two does not", "helo=*.example from=nobody@*", false},
            {"another client", "client=198.51.100.1", false},
            {"any recipient is enough", "to=ben@example.com", true},
            {"no such recipient", "to=eve@*", false},
            {"just as large is not larger", "size>22", false},
            {"just as large is not smaller", "size<22", false},
            {"a folded field is one line", "header.Subject=\"one two\"", true},
            {"any field of the name is enough", "header.X-N=2", true},
            {"a field that is not there", "header.X-M=*", false},
        };

        for (const auto& each : cases)
        {
            Faults faults(
                Options{{"rule1", "on message " + std::string(each.conditions) + " do drop"}});
            test::TestMail mail(faults.host(), "0123456789012345678901");
            mail.rcpt("ben").rcpt("donna");
            mail.header("Subject", " one\r\n two").header("X-N", " 1").header("x-n", " 2 ");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                each.why, each.holds, faults.message(mail).kind() == Verdict::Drop);
        }
    }

    void theFirstRuleThatAnswersIsTheLast()
    {
        Faults faults(Options{{"rule1", "on rcpt do continue"},
                              {"rule2", "on rcpt to=a@* do reply=\"450 first\""},
                              {"rule10", "on rcpt do reply=\"451 second\""}});
        CPPUNIT_ASSERT_EQUAL(std::string("first"), faults.rcpt("a@b.test").reply().text());
        CPPUNIT_ASSERT_EQUAL(std::string("second"), faults.rcpt("b@b.test").reply().text());
        faults.handler().stop();
        const auto lines = faults.host().logLines();
        CPPUNIT_ASSERT_EQUAL(std::string("rule1: 2 hits of 2 matches: on rcpt do continue"),
                             lines.at(lines.size() - 3));
        CPPUNIT_ASSERT_EQUAL(
            std::string("rule10: 1 hits of 1 matches: on rcpt do reply=\"451 second\""),
            lines.back());
    }

    void onlyTimesWhenConditionsHoldAreCounted()
    {
        Faults faults(Options{{"rule1", "on rcpt to=slow@* nth=2 do reply=451"}});
        for (const bool expected : {false, true, false})
        {
            CPPUNIT_ASSERT(faults.rcpt("other@b.test").kind() == Verdict::Continue);
            CPPUNIT_ASSERT_EQUAL(expected, faults.rcpt("slow@b.test").kind() == Verdict::Defer);
        }
    }

    void eightThreadsShareOneSequence()
    {
        const struct
        {
            const char* why;
            const char* words;
            std::size_t expected;
        } cases[] = {{"once in the run", "nth=77", 1},
                     {"every third of 800", "every=3", 266},
                     {"the first ten", "first=10", 10}};

        for (const auto& each : cases)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(each.why, each.expected, hitsOfThreads(each.words, 8));
    }

    void lotsAreTheSameInEveryRunAndForEveryNumberOfThreads()
    {
        const auto alone = hitsOfThreads("probability=0.3", 1);
        CPPUNIT_ASSERT_MESSAGE(std::to_string(alone), alone > 180 && alone < 300);
        CPPUNIT_ASSERT_EQUAL(alone, hitsOfThreads("probability=0.3", 1));
        CPPUNIT_ASSERT_EQUAL(alone, hitsOfThreads("probability=0.3", 8));
    }

    void aDelayIsALowerBound()
    {
        Faults faults(Options{{"rule1", "on helo do delay=50ms"}, {"rule2", "on helo do drop"}});
        const auto begin = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT(faults.helo().kind() == Verdict::Drop);
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(50));
    }

    void aDelayEndsAtTheDeadline()
    {
        Faults faults(Options{{"rule1", "on helo do delay=1h reply=451"}});
        for (const auto left : {std::chrono::milliseconds(20), std::chrono::milliseconds(-20)})
        {
            faults.setDeadline(left);
            const auto begin = std::chrono::steady_clock::now();
            CPPUNIT_ASSERT(faults.helo().kind() == Verdict::Defer);
            CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin < std::chrono::minutes(1));
        }
    }

    void throttleSlowsTheSession()
    {
        Faults faults(Options{{"rule1", "on helo helo=client* do throttle=2K"}});
        CPPUNIT_ASSERT(faults.helo().kind() == Verdict::Continue);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2048}, faults.rate());
    }

    void everyHitIsInTheLogAndInTheFileBeforeTheVerdict()
    {
        const test::TestFolder folder;
        const std::string path = folder.path() + "/counters.json";
        Faults faults(
            Options{{"rule1", "on rcpt to=\"a\\\\*\" every=2 do drop"}, {"counters", path}});
        const std::string head = "{\"rules\": [\n  {\"rule\": \"rule1\", \"text\": \"on rcpt "
                                 "to=\\\"a\\\\\\\\*\\\" every=2 do drop\", ";
        faults.handler().start();
        CPPUNIT_ASSERT_EQUAL(head + "\"matches\": 0, \"hits\": 0}\n]}\n", contentOf(path));
        (void)faults.rcpt("a\\b@b.test");
        (void)faults.rcpt("a\\b@b.test");
        CPPUNIT_ASSERT_EQUAL(head + "\"matches\": 2, \"hits\": 1}\n]}\n", contentOf(path));
        CPPUNIT_ASSERT_EQUAL(
            std::string("rule1, hit 1: rcpt to=<a\\b@b.test> client=192.0.2.1 id=4711-1: drop"),
            faults.host().logLines().at(0));
        (void)faults.rcpt("a\\b@b.test");
        faults.handler().stop();
        CPPUNIT_ASSERT_EQUAL(head + "\"matches\": 3, \"hits\": 1}\n]}\n", contentOf(path));
    }

    void countersStayRightUnderThreads()
    {
        const test::TestFolder folder;
        const std::string path = folder.path() + "/counters.json";
        Faults faults(Options{{"rule1", "on rcpt do drop"}, {"counters", path}});
        (void)hitsOf(faults, 8);
        const std::string text = contentOf(path);
        CPPUNIT_ASSERT_MESSAGE(text,
                               text.find("\"matches\": 800, \"hits\": 800}") != std::string::npos);
    }

    void countersThatCannotBeWrittenStopTheStart()
    {
        const test::TestFolder folder;
        Faults faults(Options{{"rule1", "on rcpt do drop"},
                              {"counters", folder.path() + "/none/counters.json"}});
        CPPUNIT_ASSERT_THROW(faults.handler().start(), std::system_error);
    }

    void countersThatBreakLaterAreToldOnceAndChangeNoReply()
    {
        const test::TestFolder folder;
        Faults faults(Options{{"rule1", "on rcpt do drop"},
                              {"counters", folder.path() + "/none/counters.json"}});
        for (int i = 0; i < 2; ++i)
            CPPUNIT_ASSERT(faults.rcpt("b@b.test").kind() == Verdict::Drop);
        const auto lines = faults.host().logLines();
        const auto isComplaint = [](const std::string& line)
        { return line.find("cannot write the counters") == 0; };
        CPPUNIT_ASSERT(std::count_if(lines.begin(), lines.end(), isComplaint) == 1);
    }

    void allMistakesOfAllRulesAreToldAtOnce()
    {
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "there is no rule; write one behind rule1, or a file of rules behind rules"),
            reasonOf({}));
        const auto reason = reasonOf({{"rule1", "on rcpt do drop"},
                                      {"rule2", "on rctp nth=0 do drop"},
                                      {"rule20", "on helo do discard"}});
        for (const char* part : {"rule2 column 4: unknown verb \"rctp\"",
                                 "; rule2 column 9: \"nth\": write a whole number",
                                 "; rule20 column 12: \"discard\" is not known on helo"})
            CPPUNIT_ASSERT_MESSAGE(reason, reason.find(part) != std::string::npos);
    }

    void rulesMayStandInAFile()
    {
        const test::TestFolder folder;
        const std::string path = folder.path() + "/rules";
        std::ofstream(path) << "# a comment\r\n\r\n  on rcpt do reply=\"450 file\"\r\n";
        Faults faults(
            Options{{"rule20", "on rcpt to=key@* do reply=\"450 key\""}, {"rules", path}});
        CPPUNIT_ASSERT_EQUAL(std::string("key"), faults.rcpt("key@b.test").reply().text());
        CPPUNIT_ASSERT_EQUAL(std::string("file"), faults.rcpt("b@b.test").reply().text());

        std::ofstream(path) << "# a comment\non rcpt\n";
        CPPUNIT_ASSERT_EQUAL(
            std::string("rules line 2 column 8: here must follow \"do\" and what to do"),
            reasonOf({{"rules", path}}));
        const auto missing = reasonOf({{"rules", folder.path() + "/none"}});
        CPPUNIT_ASSERT_MESSAGE(missing, missing.find("cannot read the rules") == 0);
        const auto folderRead = reasonOf({{"rules", folder.path()}});
        CPPUNIT_ASSERT_MESSAGE(folderRead,
                               folderRead.find("it is no plain file") != std::string::npos);
    }

    /// 800 times RCPT, shared by so many threads.
    static std::size_t hitsOfThreads(const std::string& words, std::size_t threads)
    {
        Faults faults(Options{{"rule1", "on rcpt " + words + " do drop"}});
        return hitsOf(faults, threads);
    }

    static std::size_t hitsOf(Faults& faults, std::size_t threads)
    {
        constexpr std::size_t calls = 800;
        std::vector<std::size_t> hits(threads);
        std::vector<std::thread> workers;
        for (std::size_t& mine : hits)
            workers.emplace_back(
                [&faults, &mine, count = calls / threads]
                {
                    for (std::size_t i = 0; i < count; ++i)
                        mine += faults.rcpt("b@b.test").kind() == Verdict::Drop ? 1 : 0;
                });
        for (std::thread& worker : workers)
            worker.join();
        return std::accumulate(hits.begin(), hits.end(), std::size_t{0});
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FaultsTest);
