// Tests of delivery/Delivery: the order of the steps, and what each failure does to the reply and to what was staged.
#include "delivery/ServiceFixture.h"

#include <cppunit/extensions/HelperMacros.h>

#include <optional>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;

namespace
{

using Keys = ServiceFixture::Keys;

const std::string ok = "250 2.0.0 Ok: ID";
const std::string local = "451 4.3.0 Local error in processing, try again later";

/// Keys that make `hook` fail by `how`.
Keys failing(const std::string& hook, const std::string& how, const Keys& more = {})
{
    Keys keys{{"fail", hook}, {"how", how}};
    keys.insert(keys.end(), more.begin(), more.end());
    return keys;
}

const Keys noSuchUser{{"code", "550"}, {"enhanced", "5.1.1"}, {"text", "No such user"}};

} // namespace

class DeliveryTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DeliveryTest);
    CPPUNIT_TEST(stepsComeInTheirOrder);
    CPPUNIT_TEST(failureAbortsAllThatIsStaged);
    CPPUNIT_TEST(faultsAreTemporaryAndSilent);
    CPPUNIT_TEST(reportsDecideTheReply);
    CPPUNIT_TEST(failedCommitAbortsTheRest);
    CPPUNIT_TEST(filtersEndTheChain);
    CPPUNIT_TEST(filtersEditsReachTheHandlers);
    CPPUNIT_TEST(aFailedFiltersEditsAreDropped);
    CPPUNIT_TEST(optionalHandlersComeAfterTheReply);
    CPPUNIT_TEST(failureOfAnOptionalHandlerIsOnlyLogged);
    CPPUNIT_TEST(notificationsComeLast);
    CPPUNIT_TEST(causeIsLoggedWithHandlerHookAndTransaction);
    CPPUNIT_TEST(handlersSeeTheWholeMessage);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { _fixture.emplace(); }

    void tearDown() override { _fixture.reset(); }

    void stepsComeInTheirOrder()
    {
        _fixture->add("one", "d1");
        _fixture->add("two", "s1");
        _fixture->add("two", "o1").required = false;
        _fixture->add("filter", "f1");
        _fixture->add("one", "o2").required = false;
        _fixture->add("two", "s2");
        _fixture->add("watcher", "w");
        expect(ok,
               "f1 onMessage, s1 stage, s2 stage, d1 deliver, s1 persist, s2 persist, s1 commit, "
               "s2 commit, "
               "o1 stage, o1 persist, o1 commit, o2 deliver, w onAccepted");
    }

    void failureAbortsAllThatIsStaged()
    {
        struct Row
        {
            const char* why;
            std::string hook;
            std::string expected;
        };

        for (const Row& row :
             {Row{"third stage", "stage", "a stage, b stage, c stage, b abort, a abort"},
              Row{"persist of the third",
                  "persist",
                  "a stage, b stage, c stage, a persist, b persist, c persist, c abort, b abort, a "
                  "abort"}})
        {
            _fixture.emplace();
            _fixture->add("two", "a");
            _fixture->add("two", "b");
            _fixture->add("two", "c", failing(row.hook, "std"));
            _fixture->add("one", "later").required = false;
            expect(local, row.expected, row.why);
        }
        _fixture.emplace();
        _fixture->add("two", "a");
        _fixture->add("one", "b", failing("deliver", "std"));
        expect(local, "a stage, b deliver, a abort", "one-phase handler");
        CPPUNIT_ASSERT_EQUAL(std::string("a:aborted,b:failed"), handlersOfLog());
    }

    void faultsAreTemporaryAndSilent()
    {
        const std::string full = "452 4.3.1 Insufficient system storage";

        struct Row
        {
            std::string how;
            std::string expected;
        };

        for (const char* hook : {"stage", "persist", "commit"})
            for (const Row& row : {Row{"std", local},
                                   Row{"int", local},
                                   Row{"bad_alloc", local},
                                   Row{"nospace", full}})
                expectReply("two", failing(hook, row.how), row.expected, hook + (" " + row.how));
        for (const Row& row :
             {Row{"std", local}, Row{"int", local}, Row{"bad_alloc", local}, Row{"nospace", full}})
        {
            expectReply("one", failing("deliver", row.how), row.expected, "deliver " + row.how);
            expectReply(
                "filter", failing("onMessage", row.how), row.expected, "onMessage " + row.how);
        }
    }

    void reportsDecideTheReply()
    {
        const Keys positive{{"code", "250"}, {"text", "fine"}};
        const std::string user = "550 5.1.1 No such user";

        struct Row
        {
            const char* why;
            std::string type;
            Keys keys;
            std::string expected;
        };

        for (const Row& row :
             {Row{"error by throw", "two", failing("stage", "error", noSuchUser), user},
              Row{"error by throw", "one", failing("deliver", "error", noSuchUser), user},
              Row{"everyone", "two", failing("stage", "reply", noSuchUser), user},
              Row{"everyone", "one", failing("deliver", "reply", noSuchUser), user},
              Row{"first recipient, with work staged",
                  "two",
                  failing("stage", "first", noSuchUser),
                  user},
              Row{"last recipient", "one", failing("deliver", "last", noSuchUser), user},
              Row{"permanent and temporary",
                  "one",
                  failing("deliver", "mixed"),
                  "452 4.2.2 Mailbox full"},
              Row{"permanent and temporary",
                  "two",
                  failing("stage", "mixed"),
                  "452 4.2.2 Mailbox full"},
              Row{"recipient that is not there",
                  "one",
                  failing("deliver", "beyond", noSuchUser),
                  local},
              Row{"positive failure", "one", failing("deliver", "reply", positive), local},
              Row{"neither work nor report", "two", failing("stage", "nothing"), local},
              Row{"error at persist", "two", failing("persist", "error", noSuchUser), user}})
            expectReply(row.type, row.keys, row.expected, row.why);
    }

    void failedCommitAbortsTheRest()
    {
        _fixture->add("two", "a");
        _fixture->add("two", "b", failing("commit", "error", noSuchUser));
        _fixture->add("two", "c");
        _fixture->add("two", "later").required = false;
        expect(local,
               "a stage, b stage, c stage, a persist, b persist, c persist, a commit, b commit, c "
               "abort",
               "never permanent, since the client has to complete what is half there");
        CPPUNIT_ASSERT_EQUAL(std::string("a:ok,b:refused,c:aborted"), handlersOfLog());
        CPPUNIT_ASSERT(_fixture->log("handler.b").back().find("will be there twice") !=
                       std::string::npos);
    }

    void filtersEndTheChain()
    {
        struct Row
        {
            const char* why;
            Keys keys;
            std::string expected;
            std::string outcome;
        };

        for (const Row& row :
             {Row{"discard", {{"verdict", "2"}}, ok, "f:discarded"},
              Row{"discard with a reply",
                  {{"verdict", "2"}, {"code", "250"}, {"text", "Gone"}},
                  "250 2.0.0 Gone",
                  "f:discarded"},
              Row{"reject", {{"verdict", "3"}}, "554 5.7.1 Message refused", "f:refused"},
              Row{"reject with a reply",
                  {{"verdict", "3"}, {"code", "550"}, {"enhanced", "5.6.0"}, {"text", "Spam"}},
                  "550 5.6.0 Spam",
                  "f:refused"},
              Row{"reject by throw",
                  failing("onMessage", "error", noSuchUser),
                  "550 5.1.1 No such user",
                  "f:refused"},
              Row{"defer",
                  {{"verdict", "4"}},
                  "451 4.7.1 Message deferred, try again later",
                  "f:refused"},
              Row{"disconnect",
                  {{"verdict", "5"}},
                  "421 4.7.0 Closing the connection",
                  "f:refused"},
              Row{"reply of another class", {{"verdict", "3"}, {"code", "450"}}, local, "f:failed"},
              Row{"accept", {{"verdict", "1"}}, local, "f:failed"},
              Row{"no verdict", {{"verdict", "7"}}, local, "f:failed"}})
        {
            _fixture.emplace();
            _fixture->add("filter", "f", row.keys);
            _fixture->add("filter", "g");
            _fixture->add("two", "a");
            _fixture->add("one", "b").required = false;
            expect(row.expected, "f onMessage", row.why);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.outcome, handlersOfLog());
        }
    }

    void filtersEditsReachTheHandlers()
    {
        _fixture->add("filter", "f", {{"prepend", "X-First"}});
        _fixture->add("filter", "g", {{"prepend", "X-Second"}});
        _fixture->add("one", "a", {{"mail", "mail"}});
        expect(ok, "f onMessage, g onMessage, a deliver");
        CPPUNIT_ASSERT_EQUAL(
            std::string("X-Second: of 2\r\nX-First: of 1\r\nA: 1\r\n\r\nbody\r\n\n"),
            readFile(_fixture->folder.path("mail")));
    }

    void aFailedFiltersEditsAreDropped()
    {
        _fixture->add("filter", "f", failing("onMessage", "std", {{"prepend", "X-Half"}})).onError =
            OnError::Skip;
        _fixture->add("two", "a", {{"mail", "mail"}});
        CPPUNIT_ASSERT(_fixture->run());
        CPPUNIT_ASSERT_EQUAL(ok, _fixture->send());
        CPPUNIT_ASSERT_EQUAL(std::string::npos,
                             readFile(_fixture->folder.path("mail")).find("X-Half"));
    }

    void optionalHandlersComeAfterTheReply()
    {
        _fixture->add("two", "a");
        _fixture->add("one", "b", {{"mail", "mail"}}).required = false;
        CPPUNIT_ASSERT(_fixture->run());
        (void)_fixture->calls();
        mpsmtp::smtp::Envelope envelope;
        const auto info = ServiceFixture::session();
        ServiceFixture::open(*_fixture->sink, envelope);
        CPPUNIT_ASSERT(ServiceFixture::put(*_fixture->sink, "body"));
        CPPUNIT_ASSERT_EQUAL(250u, _fixture->sink->complete(info, envelope).code);
        CPPUNIT_ASSERT_EQUAL(std::string("a stage, a persist, a commit"), _fixture->calls());
        CPPUNIT_ASSERT(_fixture->sink->hasWorkAfterReply());
        _fixture->sink->replied();
        CPPUNIT_ASSERT_EQUAL(std::string("b deliver"), _fixture->calls());
        CPPUNIT_ASSERT(!_fixture->sink->hasWorkAfterReply());
        CPPUNIT_ASSERT_EQUAL(std::string("body\n"), readFile(_fixture->folder.path("mail")));
        CPPUNIT_ASSERT_EQUAL(std::string("a:ok,b:later"), handlersOfLog());
    }

    void failureOfAnOptionalHandlerIsOnlyLogged()
    {
        for (const char* hook : {"stage", "persist", "commit"})
        {
            _fixture.emplace();
            _fixture->add("two", "a");
            _fixture->add("two", "b", failing(hook, "std")).required = false;
            _fixture->add("one", "c").required = false;
            CPPUNIT_ASSERT(_fixture->run());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(hook, ok, _fixture->send());
            const std::string calls = _fixture->calls();
            CPPUNIT_ASSERT_MESSAGE(calls, calls.find("c deliver") != std::string::npos);
            const bool isAborted = calls.find("b abort") != std::string::npos;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(hook, std::string(hook) == "persist", isAborted);
            CPPUNIT_ASSERT(_fixture->log("handler.b").back().find("is not in this handler") !=
                           std::string::npos);
        }
    }

    void notificationsComeLast()
    {
        _fixture->add("watcher", "w", failing("onAccepted", "int"));
        _fixture->add("watcher", "v");
        _fixture->add("two", "a");
        expect(ok, "a stage, a persist, a commit, w onAccepted, v onAccepted");
        _fixture.emplace();
        _fixture->add("watcher", "w");
        _fixture->add("two", "a", failing("stage", "std"));
        expect(local, "a stage", "no 250, no notification");
    }

    void causeIsLoggedWithHandlerHookAndTransaction()
    {
        _fixture->add("two", "a", failing("persist", "std"));
        CPPUNIT_ASSERT(_fixture->run());
        CPPUNIT_ASSERT_EQUAL(local, _fixture->send());
        const auto lines = _fixture->log("handler.a");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, lines.size());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "a plugin's own line is escaped", std::string("staging\\x0A"), lines[0].substr(0, 11));
        const std::string id = lines[0].substr(11);
        CPPUNIT_ASSERT_EQUAL(
            "persist id=" + id + ": failed: thrown\\x0Ain persist; answered " + local, lines[1]);
    }

    void handlersSeeTheWholeMessage()
    {
        const std::string body(1'000'000, 'x');
        _fixture->add("two", "a", {{"mail", "two"}});
        _fixture->add("one", "b", {{"mail", "one"}});
        CPPUNIT_ASSERT(_fixture->run());
        CPPUNIT_ASSERT_EQUAL(ok, _fixture->send("A: 1\r\n\r\n" + body));
        CPPUNIT_ASSERT("A: 1\r\n\r\n" + body + "\n" == readFile(_fixture->folder.path("one")));
        const std::string stored = readFile(_fixture->folder.path("two"));
        CPPUNIT_ASSERT_EQUAL(std::string("Received: from "), stored.substr(0, 15));
        CPPUNIT_ASSERT(stored.find("\r\nA: 1\r\n\r\nxxx") != std::string::npos);
        CPPUNIT_ASSERT(std::filesystem::is_empty(_fixture->config.spoolDirectory));
    }

private:
    void expect(const std::string& reply, const std::string& calls, const std::string& why = {})
    {
        CPPUNIT_ASSERT_MESSAGE(why, _fixture->run());
        (void)_fixture->calls();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(why, reply, _fixture->send());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(why, calls, _fixture->calls());
    }

    /// One handler of `type`, with a store behind it, and nothing committed unless the commit itself failed.
    void expectReply(const std::string& type,
                     const Keys& keys,
                     const std::string& reply,
                     const std::string& why)
    {
        _fixture.emplace();
        _fixture->add(type, "x", keys);
        _fixture->add("two", "store");
        CPPUNIT_ASSERT_MESSAGE(why, _fixture->run());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(why, reply, _fixture->send());
        CPPUNIT_ASSERT_MESSAGE(why, _fixture->calls().find("store commit") == std::string::npos);
    }

    /// What stands behind "handlers=" in the last transaction's line.
    std::string handlersOfLog()
    {
        const std::string line = _fixture->log("transaction").back();
        return line.substr(line.find("handlers=") + 9);
    }

    std::optional<ServiceFixture> _fixture;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DeliveryTest);
