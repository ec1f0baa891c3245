// <mpsmtp/Testing.h>: what it runs, what it finds in a handler that is wrong, and what a test can
// set. Handlers are described here by hand, so that one program holds many.
#include <mpsmtp/Testing.h>

#include <mpsmtp/Plugin.h>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace mpsmtp;
using testing::Ending;
using testing::Harness;

namespace
{

/// The descriptor that MPSMTP_PLUGIN would make.
template <class H>
const mpsmtp_plugin& plugin()
{
    static const Option options[] = {{"word", Option::String, Optional, "hello", "a word"},
                                     {"count", Option::Int, Optional, nullptr, "a number"},
                                     {"size", Option::Size, Optional, nullptr, "a size"},
                                     {"wait", Option::Duration, Optional, "5s", "a duration"},
                                     {"nets", Option::Cidr, Optional, nullptr, "networks"},
                                     {"path", Option::Template, Optional, nullptr, "a path"},
                                     {"on", Option::Bool, Optional, "yes", "a switch"}};
    static const auto table = mpsmtp::detail::optionTable(options);
    static const auto made = mpsmtp::detail::Thunks<H>::describe("test", "1.0", table);
    return made;
}

/// Overrides every hook, and does in each what the test says.
struct Puppet : Handler
{
    // One test at a time sets them, and no two threads run then.
    static inline std::function<void(const std::string& hook)> act;
    static inline std::function<Verdict(const std::string& hook)> judge;
    static inline std::function<void(Message&)> edit;
    static inline std::function<void(NewRecipient&)> route;

    static void clear()
    {
        act = [](const std::string&) {};
        judge = [](const std::string&) { return Continue; };
        edit = [](Message&) {};
        route = [](NewRecipient&) {};
    }

    explicit Puppet(const Context&) {}

    static Verdict answer(const std::string& hook)
    {
        act(hook);
        return judge(hook);
    }

    Verdict onConnect(Session&) override { return answer("onConnect"); }

    Verdict onHelo(Session&) override { return answer("onHelo"); }

    Verdict onAuth(Session&, const Credentials& credentials) override
    {
        return credentials.password() == "secret" ? Verdict(Accept) : answer("onAuth");
    }

    Verdict onMail(Session&, Envelope&) override { return answer("onMail"); }

    Verdict onRcpt(Session&, Envelope&, NewRecipient& recipient) override
    {
        route(recipient);
        return answer("onRcpt");
    }

    Verdict onData(Session&, Envelope&) override { return answer("onData"); }

    Verdict onMessage(Session&, Envelope&, Message& message) override
    {
        edit(message);
        return answer("onMessage");
    }

    struct Work : Staged
    {
        void persist() override { act("persist"); }

        void commit() override { act("commit"); }

        void abort() noexcept override {}
    };

    Stage stage(Envelope&, const Recipients&, Message&) override
    {
        act("stage");
        return std::make_unique<Work>();
    }

    void onAccepted(Session&, Envelope&) override { act("onAccepted"); }

    void onReset(Session&, Envelope&) override { act("onReset"); }

    void onDisconnect(Session&) override { act("onDisconnect"); }
};

struct Delivering : Handler
{
    static inline std::function<Report(Envelope&, const Recipients&, Message&)> act;

    explicit Delivering(const Context&) {}

    Report deliver(Envelope& envelope, const Recipients& recipients, Message& message) override
    {
        return act(envelope, recipients, message);
    }
};

/// Keeps what it was lent.
struct Keeper : Handler
{
    explicit Keeper(const Context&) {}

    std::string_view kept;

    Verdict onMail(Session&, Envelope& envelope) override
    {
        kept = envelope.reversePath();
        return Continue;
    }

    Verdict onData(Session&, Envelope&) override
    {
        return kept == "keep@example.org" ? Verdict(Continue) : Reject();
    }
};

/// Counts, as if one thread at a time called it.
struct Careless : Handler
{
    static inline std::mutex mutex;
    static inline std::condition_variable met;
    static inline int inside; // guarded by mutex
    static inline int mails;  // by nobody for long enough: that is the bug

    explicit Careless(const Context&) {}

    Verdict onMessage(Session&, Envelope&, Message&) override
    {
        std::unique_lock<std::mutex> lock(mutex);
        const int seen = mails;
        ++inside;
        met.notify_all();
        met.wait_for(lock, std::chrono::seconds(30), [] { return inside == 2; });
        mails = seen + 1;
        return Continue;
    }
};

struct Counter
{
    int count = 0;
};

struct Locals : Handler
{
    explicit Locals(const Context&) {}

    Verdict onMail(Session& session, Envelope& envelope) override
    {
        ++session.local<Counter>(*this).count;
        ++envelope.local<Counter>(*this).count;
        return Continue;
    }

    Verdict onData(Session& session, Envelope& envelope) override
    {
        session.throttle(1000);
        const int sum = session.local<Counter>(*this).count + envelope.local<Counter>(*this).count;
        return sum == 2 ? Verdict(Continue) : Reject();
    }
};

struct Failing : Handler
{
    explicit Failing(const Context& context)
    {
        if (context.config.string("word") == "construct")
            throw std::runtime_error("no database");
        _start = context.config.string("word") == "start";
    }

    void start() override
    {
        if (_start)
            throw std::runtime_error("no socket");
    }

    void stop() override { throw std::runtime_error("no end"); }

    bool _start = false;
};

struct Storing : Handler
{
    explicit Storing(const Context& context) : storage(context.storage), clock(context.clock) {}

    const Storage storage;
    const Clock clock;

    Report deliver(Envelope&, const Recipients&, Message& message) override
    {
        char name[] = "/tmp/mpsmtp-harness-XXXXXX";
        const int fd = ::mkstemp(name);
        (void)::unlink(name);

        struct Closed
        {
            int fd;

            ~Closed() { (void)::close(fd); }
        } const closed{fd};

        message.writeTo(fd);
        storage.syncData(fd);
        return {};
    }
};

std::vector<std::string> mistakesOf(const testing::Options& options)
{
    try
    {
        const Harness harness(plugin<Puppet>(), options);
        return {};
    }
    catch (const testing::ConfigurationError& error)
    {
        return error.mistakes();
    }
}

std::string reasonOf(const char* word)
{
    try
    {
        const Harness harness(plugin<Failing>(), {{"word", word}});
        return "";
    }
    catch (const testing::ConfigurationError& error)
    {
        return error.what();
    }
}

const char* const everyHook = "onConnect onHelo onMail onRcpt onData onMessage stage persist "
                              "commit onAccepted onDisconnect";

} // namespace

class HarnessTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(HarnessTest);
    CPPUNIT_TEST(hooksAreCalledInTheServersOrder);
    CPPUNIT_TEST(everythingSaidReachesTheHandler);
    CPPUNIT_TEST(optionsAreCheckedAllAtOnce);
    CPPUNIT_TEST(failingStartIsAConfigurationError);
    CPPUNIT_TEST(wrongDescriptorIsRefused);
    CPPUNIT_TEST(whatAHookThrowsIsNotSent);
    CPPUNIT_TEST(fullDiskIsToldAsSuch);
    CPPUNIT_TEST(refusalsEndTheMailWhereTheyStand);
    CPPUNIT_TEST(repliesThatDoNotFitAreThePluginsBug);
    CPPUNIT_TEST(failureOfOneRecipientFailsTheMail);
    CPPUNIT_TEST(failedCommitIsNeverPermanent);
    CPPUNIT_TEST(authIsAnsweredByTheHandler);
    CPPUNIT_TEST(redirectsTakeTheRecipientsPlace);
    CPPUNIT_TEST(editsAreSeenByWhatFollows);
    CPPUNIT_TEST(abortComesInPlaceOfCommit);
    CPPUNIT_TEST(resetComesInPlaceOfTheMessage);
    CPPUNIT_TEST(localsLiveAsLongAsTheirScope);
    CPPUNIT_TEST(keptReferencesShow);
    CPPUNIT_TEST(mailsRunAtOnce);
    CPPUNIT_TEST(faultsComeWhenTheTestSays);
    CPPUNIT_TEST(timeIsTheTests);
    CPPUNIT_TEST(messageCanBeReadFromADescriptor);
    CPPUNIT_TEST(mistakesOfTheTestAreTold);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { Puppet::clear(); }

    void hooksAreCalledInTheServersOrder()
    {
        const auto result = puppet().rcpt("b@y.example").run();
        CPPUNIT_ASSERT_EQUAL(250u, result.code());
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.0.0 Ok: ") + result.id(), result.reply());
        CPPUNIT_ASSERT_EQUAL(std::string(everyHook), result.hooks());
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.1.5 Ok"), result.rcptReplies().at(0));
    }

    void everythingSaidReachesTheHandler()
    {
        std::string seen;
        Delivering::act = [&](Envelope& envelope, const Recipients& recipients, Message& message)
        {
            const Session session = envelope.session();
            for (const auto text : {session.clientAddress(),
                                    session.helo(),
                                    session.listener(),
                                    session.serverName(),
                                    session.tlsVersion(),
                                    session.authIdentity(),
                                    envelope.reversePath(),
                                    envelope.parameter(0).value,
                                    recipients[1].address(),
                                    recipients[1].localPart(),
                                    recipients[1].domain(),
                                    recipients[1].parameter(0).keyword})
                seen.append(text).append(" ");
            CPPUNIT_ASSERT(envelope.isSmtpUtf8() && envelope.body() == BodyType::EightBitMime);
            CPPUNIT_ASSERT(session.isEncrypted() && session.isAuthenticated());
            CPPUNIT_ASSERT(!session.isEsmtp() && session.clientPort() == 25);
            CPPUNIT_ASSERT(session.deadline() != std::chrono::steady_clock::time_point::max());
            CPPUNIT_ASSERT(message.trace().find("Received: from me.example") == 0);
            return Report();
        };
        Harness harness(plugin<Delivering>());
        const auto result = harness.from("a@x.example")
                                .parameter("RET", "HDRS")
                                .client("2001:db8::1", 25)
                                .plainHelo("me.example")
                                .listener("inside")
                                .server("mx.example")
                                .tls()
                                .authenticated("ben")
                                .body(BodyType::EightBitMime)
                                .smtpUtf8()
                                .deadline(std::chrono::seconds(5))
                                .rcpt("b@y.example")
                                .rcpt("\"B C\"@Y.Example", {{"NOTIFY", "NEVER"}})
                                .run();
        CPPUNIT_ASSERT_EQUAL(std::string("2001:db8::1 me.example inside mx.example TLSv1.3 ben "
                                         "a@x.example HDRS \"B C\"@y.example B C y.example "
                                         "NOTIFY "),
                             seen);
        CPPUNIT_ASSERT_EQUAL(250u, result.code());
    }

    void optionsAreCheckedAllAtOnce()
    {
        const auto mistakes = mistakesOf({{"wrod", "x"},
                                          {"count", "many"},
                                          {"size", "10X"},
                                          {"nets", "192.0.2.0/33"},
                                          {"path", "%{rcpt.usr}"},
                                          {"on", "yes"},
                                          {"on", "no"}});
        CPPUNIT_ASSERT_EQUAL(std::size_t(6), mistakes.size());
        CPPUNIT_ASSERT_EQUAL(
            std::string("unknown key \"wrod\"; the plugin has: word, count, size, wait, nets, "
                        "path, on"),
            mistakes[0]);
        CPPUNIT_ASSERT_EQUAL(
            std::string("bad value \"10X\" for \"size\": write a size such as 500, 10K, 50M or 2G"),
            mistakes[2]);
        CPPUNIT_ASSERT_EQUAL(std::string("\"on\" is set twice"), mistakes[5]);
        CPPUNIT_ASSERT(mistakesOf({{"size", "10k"}, {"wait", "1m"}, {"on", "Off"}}).empty());
    }

    void failingStartIsAConfigurationError()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("cannot be made: no database"), reasonOf("construct"));
        CPPUNIT_ASSERT_EQUAL(std::string("cannot start: no socket"), reasonOf("start"));
        Harness harness(plugin<Failing>());
        harness.stop();
        CPPUNIT_ASSERT_EQUAL(std::string("error: stop failed: no end"), harness.log().at(0));
    }

    void wrongDescriptorIsRefused()
    {
        mpsmtp_plugin wrong = plugin<Puppet>();
        wrong.magic = 0;
        CPPUNIT_ASSERT_THROW(Harness{wrong}, testing::ConfigurationError);
        wrong = plugin<Puppet>();
        wrong.abi_major = 2;
        CPPUNIT_ASSERT_THROW(Harness{wrong}, testing::ConfigurationError);
        wrong = plugin<Puppet>();
        wrong.type = mpsmtp::detail::toAbi("Upper Case");
        CPPUNIT_ASSERT_THROW(Harness{wrong}, testing::ConfigurationError);
        wrong = plugin<Puppet>();
        wrong.create =
            [](const mpsmtp_host*, mpsmtp_host_data*, mpsmtp_string, mpsmtp_reply_target*) noexcept
        {
            static const mpsmtp_handler hollow = []
            {
                mpsmtp_handler handler{};
                handler.size = sizeof handler;
                handler.hooks = MPSMTP_HOOK_MAIL;
                return handler;
            }();
            return &hollow;
        };
        CPPUNIT_ASSERT_THROW(Harness{wrong}, testing::ConfigurationError);
    }

    void whatAHookThrowsIsNotSent()
    {
        for (const char* hook : {"onConnect",
                                 "onHelo",
                                 "onMail",
                                 "onRcpt",
                                 "onData",
                                 "onMessage",
                                 "stage",
                                 "persist",
                                 "commit"})
        {
            throwIn(hook, [] { throw std::runtime_error("the secret"); });
            const auto result = puppet().rcpt("b@y.example").run();
            const bool greets = std::string(hook) == "onConnect";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(hook, greets ? 421u : 451u, result.code());
            CPPUNIT_ASSERT_MESSAGE(hook, result.reply().find("secret") == std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(
                hook, result.hasLogged("error: " + std::string(hook) + " threw: the secret"));
        }
        for (const char* hook : {"onAccepted", "onDisconnect"})
        {
            throwIn(hook, [] { throw std::runtime_error("the secret"); });
            const auto result = puppet().rcpt("b@y.example").run();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(hook, 250u, result.code());
            CPPUNIT_ASSERT_MESSAGE(hook, result.hasLogged("the secret"));
        }
    }

    void fullDiskIsToldAsSuch()
    {
        throwIn("stage", [] { throw std::system_error(ENOSPC, std::generic_category(), "write"); });
        CPPUNIT_ASSERT_EQUAL(std::string("452 4.3.1 Insufficient system storage"),
                             puppet().rcpt("b@y.example").run().reply());
        throwIn("onMessage", [] { throw Error(Reply::noSuchUser(), "not in the table"); });
        const auto result = puppet().rcpt("b@y.example").run();
        CPPUNIT_ASSERT_EQUAL(std::string("550 5.1.1 No such user here"), result.reply());
        CPPUNIT_ASSERT(result.hasLogged("warning: not in the table"));
    }

    void refusalsEndTheMailWhereTheyStand()
    {
        struct Row
        {
            const char* why;
            const char* hook;
            Verdict verdict;
            unsigned code;
            const char* hooks;
        };

        const Reply odd(550, "5.7.1", "no\nnever");
        for (const Row& row :
             {Row{"a greeting of 554", "onConnect", Reject(), 554, "onConnect onDisconnect"},
              Row{"a greeting of 421", "onConnect", Defer(), 421, "onConnect onDisconnect"},
              Row{"EHLO", "onHelo", Reject(odd), 550, "onConnect onHelo onDisconnect"},
              Row{"MAIL", "onMail", Defer(), 451, "onConnect onHelo onMail onReset onDisconnect"},
              Row{"the only RCPT",
                  "onRcpt",
                  Reject(Reply::noSuchUser()),
                  550,
                  "onConnect onHelo onMail onRcpt onReset onDisconnect"},
              Row{"DATA and the session",
                  "onData",
                  Disconnect,
                  421,
                  "onConnect onHelo onMail onRcpt onData onReset onDisconnect"},
              Row{"no word any more",
                  "onMessage",
                  Drop,
                  0,
                  "onConnect onHelo onMail onRcpt onData onMessage onReset onDisconnect"},
              Row{"a message to forget",
                  "onMessage",
                  Discard,
                  250,
                  "onConnect onHelo onMail onRcpt onData onMessage onAccepted onDisconnect"}})
        {
            answerIn(row.hook, row.verdict);
            const auto result = puppet().rcpt("b@y.example").run();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.code, result.code());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(row.hooks), result.hooks());
        }
        answerIn("onHelo", Reject(odd));
        CPPUNIT_ASSERT_EQUAL(std::string("550-5.7.1 no\n550 5.7.1 never"),
                             puppet().rcpt("b@y.example").run().reply());
    }

    void repliesThatDoNotFitAreThePluginsBug()
    {
        struct Row
        {
            const char* why;
            const char* hook;
            Verdict verdict;
            const char* logged;
        };

        for (const Row& row :
             {Row{"5xx that is 250",
                  "onMessage",
                  Reject(Reply(250, "", "fine")),
                  "onMessage: plugin bug: reply 250 does not fit a permanent failure"},
              Row{"another class of enhanced code",
                  "onData",
                  Reject(Reply(550, "4.0.0", "x")),
                  "onData: plugin bug: enhanced code \"4.0.0\" does not fit reply 550"},
              Row{"Accept of a message",
                  "onMessage",
                  Accept,
                  "onMessage: plugin bug: verdict 1 does not fit"},
              Row{"Discard before the message", "onMail", Discard, "onMail: plugin bug"}})
        {
            answerIn(row.hook, row.verdict);
            const auto result = puppet().rcpt("b@y.example").run();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, 451u, result.code());
            CPPUNIT_ASSERT_MESSAGE(row.why, result.hasLogged(row.logged));
        }
    }

    void failureOfOneRecipientFailsTheMail()
    {
        Report report;
        Delivering::act = [&](Envelope&, const Recipients&, Message&) { return report; };
        report.fail(1, Reply::noSuchUser());
        CPPUNIT_ASSERT_EQUAL(550u, deliverToTwo().code());
        report.fail(0, Reply::mailboxFull());
        CPPUNIT_ASSERT_EQUAL(452u, deliverToTwo().code()); // or it would give up on both
        report.fail(2, Reply::mailboxFull());
        CPPUNIT_ASSERT(deliverToTwo().hasLogged("plugin bug: it failed recipient 2 of 2"));
        report = Report(Reply(250, "2.0.0", "stored, somehow"));
        const auto result = deliverToTwo();
        CPPUNIT_ASSERT_EQUAL(451u, result.code());
        CPPUNIT_ASSERT(result.hasLogged("reply 250 does not fit a failed delivery"));
    }

    void failedCommitIsNeverPermanent()
    {
        throwIn("commit", [] { throw Error(Reply::noSuchUser()); });
        const auto result = puppet().rcpt("b@y.example").run();
        CPPUNIT_ASSERT_EQUAL(451u, result.code());
        CPPUNIT_ASSERT(!result.hasCalled("abort")); // somebody may have seen it
    }

    void authIsAnsweredByTheHandler()
    {
        CPPUNIT_ASSERT_EQUAL(
            std::string("235"),
            puppet().login("ben", "secret").rcpt("b@y.example").run().authReply().substr(0, 3));
        CPPUNIT_ASSERT_EQUAL(
            std::string("535"),
            puppet().login("ben", "guess").rcpt("b@y.example").run().authReply().substr(0, 3));
        CPPUNIT_ASSERT_EQUAL(std::string(), puppet().rcpt("b@y.example").run().authReply());
    }

    void redirectsTakeTheRecipientsPlace()
    {
        Puppet::route = [](NewRecipient& recipient)
        {
            if (recipient.localPart() == "all")
                for (const char* address : {"a@y.example", "b@y.example"})
                    recipient.redirect(address);
        };
        const auto result = puppet().rcpt("b@y.example").rcpt("all@y.example").run();
        CPPUNIT_ASSERT(result.recipients() ==
                       (std::vector<std::string>{"b@y.example", "a@y.example"}));
        Puppet::route = [](NewRecipient& recipient) { recipient.redirect("no address"); };
        CPPUNIT_ASSERT_EQUAL(451u, puppet().rcpt("b@y.example").run().code());
    }

    void editsAreSeenByWhatFollows()
    {
        Puppet::edit = [](Message& message)
        {
            CPPUNIT_ASSERT_EQUAL(std::string_view(" x"), *message.find("subject"));
            CPPUNIT_ASSERT(message.segmentCount() > 1); // a handler must stand that
            message.edits().prepend("X-From", "me\r\n\r\nnot a body");
            message.edits().change(0, "y");
        };
        const auto result =
            puppet().rcpt("b@y.example").message("Subject: x\r\n\r\nbody\r\n").run();
        CPPUNIT_ASSERT_EQUAL(std::string("X-From: me\r\n not a body\r\nSubject: y\r\n\r\nbody\r\n"),
                             result.message());
        Delivering::act = [](Envelope&, const Recipients&, Message& message)
        {
            message.edits().prepend("X", "y");
            return Report();
        };
        CPPUNIT_ASSERT_EQUAL(451u, deliverToTwo().code()); // only onMessage may edit
    }

    void abortComesInPlaceOfCommit()
    {
        struct Row
        {
            Ending ending;
            const char* end;
        };

        for (const Row& row :
             {Row{Ending::AbortedAfterStage, "stage abort onReset onDisconnect"},
              Row{Ending::AbortedAfterPersist, "stage persist abort onReset onDisconnect"}})
        {
            const auto result = puppet().rcpt("b@y.example").abortInstead(row.ending).run();
            CPPUNIT_ASSERT_EQUAL(451u, result.code());
            const std::string hooks = result.hooks();
            CPPUNIT_ASSERT_EQUAL(std::string(row.end), hooks.substr(hooks.find("stage")));
        }
    }

    void resetComesInPlaceOfTheMessage()
    {
        const auto result = puppet().rcpt("b@y.example").resetInstead().run();
        CPPUNIT_ASSERT(!result.isAccepted());
        CPPUNIT_ASSERT_EQUAL(std::string("onConnect onHelo onMail onRcpt onReset onDisconnect"),
                             result.hooks());
    }

    void localsLiveAsLongAsTheirScope()
    {
        Harness harness(plugin<Locals>());
        for (int session = 0; session < 2; ++session)
        {
            const auto result = harness.rcpt("b@y.example").run();
            CPPUNIT_ASSERT_EQUAL(250u, result.code());
            CPPUNIT_ASSERT_EQUAL(std::uint64_t(1000), result.throttled());
        }
    }

    void keptReferencesShow()
    {
        if (testing::detail::isAddressSanitized)
            return; // it would end this program, as it should
        Harness harness(plugin<Keeper>());
        CPPUNIT_ASSERT_EQUAL(554u,
                             harness.from("keep@example.org").rcpt("b@y.example").run().code());
    }

    void mailsRunAtOnce()
    {
        Careless::inside = 0;
        Careless::mails = 0;
        Harness harness(plugin<Careless>());
        const auto summary = harness.concurrently(2, 1);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), summary.accepted());
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), summary.total());
        CPPUNIT_ASSERT_EQUAL(1, Careless::mails); // both counted from 0: the bug shows
    }

    void faultsComeWhenTheTestSays()
    {
        Harness harness(plugin<Storing>());
        auto mail = harness.rcpt("b@y.example");
        CPPUNIT_ASSERT_EQUAL(250u, mail.run().code());
        harness.failSync(2, EIO);
        CPPUNIT_ASSERT_EQUAL(250u, mail.run().code());
        CPPUNIT_ASSERT_EQUAL(451u, mail.run().code());
        CPPUNIT_ASSERT_EQUAL(250u, mail.run().code());
        harness.failSync(1, ENOSPC);
        CPPUNIT_ASSERT_EQUAL(452u, mail.run().code());
        CPPUNIT_ASSERT_EQUAL(std::size_t(5), harness.syncs().size());
        CPPUNIT_ASSERT_EQUAL(int(ENOSPC), harness.syncs().back().error);
        mail.message(std::string(1000, 'x'));
        harness.diskFullAfter(999);
        const auto result = mail.run();
        CPPUNIT_ASSERT_EQUAL(451u, result.code());
        CPPUNIT_ASSERT(result.hasLogged("cannot write the message"));
        harness.diskFullAfter(1000);
        CPPUNIT_ASSERT_EQUAL(250u, mail.run().code());
        harness.diskHasRoom();
        mail.message(std::string(100'000, 'x'));
        CPPUNIT_ASSERT_EQUAL(250u, mail.run().code());
    }

    void timeIsTheTests()
    {
        using namespace std::chrono;
        const system_clock::time_point then{seconds(1'000'000'000)};
        std::int64_t seen = 0;
        Delivering::act = [&](Envelope& envelope, const Recipients&, Message&)
        {
            seen = envelope.receivedAt().time_since_epoch() / seconds(1);
            return Report();
        };
        Harness harness(plugin<Delivering>());
        harness.advance(hours(1));
        harness.setTime(then);
        (void)harness.rcpt("b@y.example").run();
        CPPUNIT_ASSERT_EQUAL(std::int64_t(1'000'000'000), seen);
        harness.advance(minutes(1));
        (void)harness.rcpt("b@y.example").run();
        CPPUNIT_ASSERT_EQUAL(std::int64_t(1'000'000'060), seen);
    }

    void messageCanBeReadFromADescriptor()
    {
        std::string seen(100, '\0');
        Delivering::act = [&](Envelope&, const Recipients&, Message& message)
        {
            const int fd = message.openDescriptor();
            seen.resize(static_cast<std::size_t>(::read(fd, seen.data(), seen.size())));
            CPPUNIT_ASSERT(::write(fd, "x", 1) < 0); // it is read-only
            (void)::close(fd);
            return Report();
        };
        Harness harness(plugin<Delivering>());
        CPPUNIT_ASSERT_EQUAL(250u,
                             harness.rcpt("b@y.example").message("A: b\r\n\r\nc\r\n").run().code());
        CPPUNIT_ASSERT_EQUAL(std::string("A: b\r\n\r\nc\r\n"), seen);
    }

    void mistakesOfTheTestAreTold()
    {
        CPPUNIT_ASSERT_THROW((void)puppet().run(), std::logic_error);
        for (const char* address : {"b", "<b@y>", "b@", "@y", "b@-y", "b@y..z", "a..b@y", "\"\"@y"})
            CPPUNIT_ASSERT_THROW_MESSAGE(
                address, (void)puppet().rcpt(address), std::invalid_argument);
        auto transaction = puppet()
                               .rcpt("b@y.example")
                               .afterEach(
                                   [](const std::string& hook)
                                   {
                                       if (hook == "stage")
                                           throw std::runtime_error("a finding");
                                   });
        CPPUNIT_ASSERT_THROW((void)transaction.run(), std::runtime_error);
        CPPUNIT_ASSERT_THROW(
            (void)_harness.concurrently(2, 2, [&](unsigned, unsigned) { return transaction; }),
            std::runtime_error);
    }

private:
    testing::Transaction puppet() { return _harness.from("a@x.example"); }

    static testing::Result deliverToTwo()
    {
        Harness harness(plugin<Delivering>());
        return harness.rcpt("a@y.example").rcpt("b@y.example").run();
    }

    static void throwIn(const std::string& where, const std::function<void()>& what)
    {
        Puppet::act = [=](const std::string& hook)
        {
            if (hook == where)
                what();
        };
    }

    static void answerIn(const std::string& where, const Verdict& verdict)
    {
        Puppet::judge = [=](const std::string& hook)
        { return hook == where ? verdict : Verdict(Continue); };
    }

    Harness _harness{plugin<Puppet>()};
};

CPPUNIT_TEST_SUITE_REGISTRATION(HarnessTest);
