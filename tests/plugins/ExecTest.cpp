// The handler `exec` with real programs: what they are given, what their end means, and that none of
// them keeps the server waiting.
#include "exec/ExecHandler.h"

#include "plugins/TestFolder.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mpsmtp;
using namespace mpsmtp::exec;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;
using mpsmtp::test::TestMail;
using std::chrono::steady_clock;

namespace
{

using Options = std::map<std::string, std::string>;

Options options(const std::string& command, const Options& changed = {})
{
    Options all{{"command", command},
                {"per", "message"},
                {"input", "message"},
                {"trace", "1"},
                {"line_ending", "lf"},
                {"timeout", "60000"},
                {"environment", "PATH\nHOME\nLANG\nTZ"},
                {"directory", "/"},
                {"success", "0"}};
    for (const auto& [key, value] : changed)
        all[key] = value;
    return all;
}

/// For sh -c: `script` as one word of a command.
std::string shell(const std::string& script)
{
    std::string quoted = "/bin/sh -c \"";
    for (const char c : script)
        quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return quoted + "\"";
}

/// A handler, a mail for ben@example.com, and what came of it.
class Exec
{
public:
    explicit Exec(const std::string& command, const Options& changed = {})
        : host(options(command, changed)), mail(host), handler(host.context())
    {
        mail.rcpt("ben");
    }

    Report deliver()
    {
        Envelope envelope = mail.envelope();
        Message message = mail.message();
        return handler.deliver(envelope, mail.recipients(), message);
    }

    /// "delivered", or "550 5.1.1 text" of the first failure.
    std::string outcome()
    {
        const Report report = deliver();
        if (report.failures().empty())
            return "delivered";
        const Reply& reply = report.failures().front().reply;
        return std::to_string(reply.code()) + " " + reply.enhanced() + " " + reply.text();
    }

    [[nodiscard]] std::string log() const
    {
        std::string text;
        for (const std::string& line : host.logLines())
            text += line + "\n";
        return text;
    }

    TestHost host;
    TestMail mail;
    ExecHandler handler;
};

constexpr const char* deferred = "451 4.3.0 Try again later";

std::string mistakesOf(const std::string& command, const Options& changed = {})
{
    TestHost host(options(command, changed));
    try
    {
        const ExecHandler handler(host.context());
    }
    catch (const std::runtime_error& error)
    {
        return error.what();
    }
    return "";
}

void assertContains(const std::string& text, const std::string& part)
{
    CPPUNIT_ASSERT_MESSAGE(text + "\nlacks " + part, text.find(part) != std::string::npos);
}

/// Waits until a process is gone.
void awaitEnd(pid_t process)
{
    const auto deadline = steady_clock::now() + std::chrono::seconds(30);
    while (::kill(process, 0) == 0)
    {
        // Of a child of nobody in a container without an init: a zombie is an end too.
        const std::string stat = test::contentOf("/proc/" + std::to_string(process) + "/stat");
        if (stat.find(") Z ") != std::string::npos)
            return;
        CPPUNIT_ASSERT_MESSAGE("still runs", steady_clock::now() < deadline);
        std::this_thread::yield();
    }
}

bool hasChildren()
{
    return ::waitpid(-1, nullptr, WNOHANG) == 0 || errno != ECHILD;
}

/// Lets the default timeout pass as soon as a program has made the file that says it is ready.
class TimePasses
{
public:
    TimePasses(TestHost& host, std::string path)
        : _thread(
              [&host, path = std::move(path)]
              {
                  const auto deadline = steady_clock::now() + std::chrono::seconds(30);
                  while (!std::filesystem::exists(path) && steady_clock::now() < deadline)
                      std::this_thread::yield();
                  host.advance(std::chrono::seconds(60));
              })
    {
    }

    TimePasses(const TimePasses&) = delete;
    TimePasses& operator=(const TimePasses&) = delete;

    ~TimePasses() { _thread.join(); }

private:
    std::thread _thread;
};

/// A time that only a hang reaches.
class Stopwatch
{
public:
    void assertBelow(std::chrono::seconds most) const
    {
        CPPUNIT_ASSERT(steady_clock::now() - _begin < most);
    }

private:
    const steady_clock::time_point _begin = steady_clock::now();
};

} // namespace

class ExecTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ExecTest);
    CPPUNIT_TEST(exitStatusesAreReplies);
    CPPUNIT_TEST(theFirstLineOfOutputCanBeTheReply);
    CPPUNIT_TEST(theLogTellsWhatAProgramSaid);
    CPPUNIT_TEST(aSignalIsTemporary);
    CPPUNIT_TEST(successCanBeOtherStatuses);
    CPPUNIT_TEST(theProgramReadsTheMessage);
    CPPUNIT_TEST(aRunForEachRecipient);
    CPPUNIT_TEST(afterATemporaryFailureNoOtherRecipientIsTried);
    CPPUNIT_TEST(theEnvironmentDescribesTheTransaction);
    CPPUNIT_TEST(manyRecipientsAreSeveralRuns);
    CPPUNIT_TEST(theChildInheritsNothing);
    CPPUNIT_TEST(aProgramNeedNotRead);
    CPPUNIT_TEST(aHugeMessageGoesThrough);
    CPPUNIT_TEST(aTalkativeProgramIsHeardToItsEnd);
    CPPUNIT_TEST(aDaemonThatKeepsThePipesIsNotWaitedFor);
    CPPUNIT_TEST(whoIgnoresTheTimeIsKilled);
    CPPUNIT_TEST(theWholeGroupIsKilled);
    CPPUNIT_TEST(theDeadlineGoesBeforeTheTimeout);
    CPPUNIT_TEST(aProgramThatIsGoneIsTemporary);
    CPPUNIT_TEST(manyThreadsRunPrograms);
    CPPUNIT_TEST(allMistakesAreToldAtOnce);
    CPPUNIT_TEST_SUITE_END();

public:
    void tearDown() override { CPPUNIT_ASSERT_MESSAGE("a zombie is left", !hasChildren()); }

    void exitStatusesAreReplies()
    {
        struct Row
        {
            int status;
            std::string expected;
        };

        const std::vector<Row> rows{
            {0, "delivered"},
            {64, "554 5.3.0 The program was called wrongly"},
            {65, "554 5.6.0 The message is not in the form it should be"},
            {66, "554 5.3.0 An input is missing"},
            {67, "550 5.1.1 No such user here"},
            {68, "550 5.1.2 No such host"},
            {69, "554 5.3.0 The service is not available"},
            {70, "554 5.3.0 The program has failed"},
            {71, "451 4.3.0 The system has failed, try again later"},
            {72, "554 5.3.0 A file of the system is missing"},
            {73, "550 5.2.0 The mailbox cannot be made"},
            {74, "451 4.3.0 Reading or writing has failed, try again later"},
            {75, "451 4.3.0 Cannot deliver now, try again later"},
            {76, "554 5.5.0 The other side broke the protocol"},
            {77, "550 5.7.0 Not permitted"},
            {78, "554 5.3.5 The program is not set up"},
            {1, deferred},
            {2, deferred},
            {63, deferred},
            {79, deferred},
            {126, deferred},
            {255, deferred}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL(row.expected,
                                 Exec(shell("exit " + std::to_string(row.status))).outcome());
    }

    void theFirstLineOfOutputCanBeTheReply()
    {
        struct Row
        {
            const char* why;
            std::string script;
            std::string expected;
        };

        const std::vector<Row> rows{
            {"enhanced code and text", "echo 5.2.2 Full; exit 67", "550 5.2.2 Full"},
            {"all of it", "echo 552 5.2.2 Full; exit 67", "552 5.2.2 Full"},
            {"temporary", "echo 4.2.2 Full; exit 75", "451 4.2.2 Full"},
            {"without a text", "echo 5.2.2; exit 67", "550 5.2.2 No such user here"},
            {"CRLF", "printf '5.2.2 Full\\r\\nmore'; exit 67", "550 5.2.2 Full"},
            {"no line end", "printf '5.2.2 Full'; exit 67", "550 5.2.2 Full"},
            {"temporary, but the status is not",
             "echo 4.2.2 Full; exit 67",
             "550 5.1.1 No such user here"},
            {"permanent, but the status is not",
             "echo 550 5.1.1 No; exit 75",
             "451 4.3.0 Cannot deliver now, try again later"},
            {"success, but the status is none",
             "echo 2.1.5 Ok; exit 67",
             "550 5.1.1 No such user here"},
            {"a code alone could be any number",
             "echo 550 mails read; exit 67",
             "550 5.1.1 No such user here"},
            {"not in the first line",
             "echo; echo 5.2.2 Full; exit 67",
             "550 5.1.1 No such user here"},
            {"on standard error", "echo 5.2.2 Full >&2; exit 67", "550 5.1.1 No such user here"},
            {"not one of the statuses", "echo 5.2.2 Full; exit 1", deferred},
            {"nothing has failed", "echo 5.2.2 Full; exit 0", "delivered"}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, Exec(shell(row.script)).outcome());
    }

    void theLogTellsWhatAProgramSaid()
    {
        Exec exec(shell("echo out; echo first >&2; echo 'second line' >&2; exit 3"));
        CPPUNIT_ASSERT_EQUAL(std::string(deferred), exec.outcome());
        CPPUNIT_ASSERT_EQUAL(
            std::string("id=4711-1 /bin/sh: exit status 3; standard error: first / "
                        "second line; standard output: out\n"),
            exec.log());
        Exec quiet(shell("echo out; echo err >&2"));
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), quiet.outcome());
        CPPUNIT_ASSERT_EQUAL(std::string(), quiet.log());
        Exec named(shell("exit 67"));
        (void)named.outcome();
        assertContains(named.log(), "exit status 67 (EX_NOUSER)");
    }

    void aSignalIsTemporary()
    {
        Exec exec(shell("echo 5.1.1 No; kill -9 $$"));
        CPPUNIT_ASSERT_EQUAL(std::string(deferred), exec.outcome());
        assertContains(exec.log(), "killed by signal 9 (Killed)");
    }

    void successCanBeOtherStatuses()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"),
                             Exec(shell("exit 99"), {{"success", "0\n99"}}).outcome());
        CPPUNIT_ASSERT_EQUAL(std::string(deferred),
                             Exec(shell("exit 0"), {{"success", "99"}}).outcome());
    }

    void theProgramReadsTheMessage()
    {
        struct Row
        {
            const char* why;
            Options changed;
            std::string expected;
        };

        const std::string content = "Subject: hello\n\nhey there!\n";
        const std::string fields = TestMail::fields("sender@example.org", "ben@example.com");
        const std::vector<Row> rows{{"with our fields", {}, fields + content},
                                    {"without", {{"trace", "0"}}, content},
                                    {"as sent",
                                     {{"trace", "0"}, {"line_ending", "crlf"}},
                                     "Subject: hello\r\n\r\nhey there!\r\n"},
                                    {"not at all", {{"input", "none"}}, ""}};
        for (const Row& row : rows)
        {
            const TestFolder folder;
            Exec exec(shell("cat > " + (folder / "in")), row.changed);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string("delivered"), exec.outcome());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, test::contentOf(folder / "in"));
        }
        const TestFolder folder;
        Exec several(shell("cat > in"), {{"directory", folder.path()}});
        several.mail.rcpt("donna");
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), several.outcome());
        CPPUNIT_ASSERT_MESSAGE("one learns of the others",
                               test::contentOf(folder / "in").find("Delivered-To") ==
                                   std::string::npos);
    }

    void aRunForEachRecipient()
    {
        const TestFolder folder;
        Exec exec(shell("test $RECIPIENT != eve@example.com || exit 67; cat > $RECIPIENT"),
                  {{"per", "recipient"}, {"directory", folder.path()}});
        exec.mail.rcpt("eve").rcpt("donna");
        const Report report = exec.deliver();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, report.failures().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, report.failures()[0].index);
        CPPUNIT_ASSERT_EQUAL(550u, report.failures()[0].reply.code());
        CPPUNIT_ASSERT((test::namesIn(folder.path()) ==
                        std::vector<std::string>{"ben@example.com", "donna@example.com"}));
        assertContains(test::contentOf(folder / "donna@example.com"),
                       "Delivered-To: donna@example.com\n");
    }

    void afterATemporaryFailureNoOtherRecipientIsTried()
    {
        const TestFolder folder;
        Exec exec(shell("touch $RECIPIENT; exit 75"),
                  {{"per", "recipient"}, {"directory", folder.path()}});
        exec.mail.rcpt("eve").rcpt("donna");
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, exec.deliver().failures().size());
        CPPUNIT_ASSERT(test::namesIn(folder.path()) == std::vector<std::string>{"ben@example.com"});
    }

    void theEnvironmentDescribesTheTransaction()
    {
        CPPUNIT_ASSERT_EQUAL(0, ::setenv("MPSMTP_TEST_SECRET", "x", 1));
        CPPUNIT_ASSERT_EQUAL(0, ::setenv("MPSMTP_TEST_GIVEN", "a=b c", 1));
        const TestFolder folder;
        Exec exec(shell("tr '\\0' '|' < /proc/self/environ > " + (folder / "out")),
                  {{"environment", "MPSMTP_TEST_GIVEN\nMPSMTP_TEST_UNSET"}});
        exec.mail.helo("evil\nSIZE=1").identity("ben").rcpt("donna");
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), exec.outcome());
        const std::string content = test::contentOf(folder / "out");
        for (const char* expected : {"|SENDER=sender@example.org|",
                                     "|CLIENT_ADDRESS=192.0.2.1|",
                                     "|CLIENT_HELO=evil?SIZE=1|",
                                     "|TRANSACTION_ID=4711-1|",
                                     "|SIZE=30|",
                                     "|LISTENER=main|",
                                     "|AUTH_IDENTITY=ben|",
                                     "|RECIPIENTS=ben@example.com\ndonna@example.com|",
                                     "|MPSMTP_TEST_GIVEN=a=b c|"})
            assertContains("|" + content, expected);
        for (const char* absent : {"MPSMTP_TEST_SECRET", "MPSMTP_TEST_UNSET", "RECIPIENT="})
            CPPUNIT_ASSERT_MESSAGE(absent, content.find(absent) == std::string::npos);
    }

    void manyRecipientsAreSeveralRuns()
    {
        const TestFolder folder;
        Exec exec(shell("echo \"$RECIPIENTS\" | wc -l >> runs"), {{"directory", folder.path()}});
        for (int i = 0; i < 9999; ++i)
            exec.mail.rcpt("a-rather-long-local-part-" + std::to_string(i));
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), exec.outcome());
        std::istringstream runs(test::contentOf(folder / "runs"));
        int total = 0, count = 0;
        for (int recipients = 0; runs >> recipients; ++count)
            total += recipients;
        CPPUNIT_ASSERT_EQUAL(10'000, total);
        CPPUNIT_ASSERT(count > 1 && count < 10);
    }

    void theChildInheritsNothing()
    {
        // As the server has them: signals blocked and ignored, sockets open, one without O_CLOEXEC.
        sigset_t blocked, before;
        ::sigemptyset(&blocked);
        ::sigaddset(&blocked, SIGTERM);
        ::sigaddset(&blocked, SIGHUP);
        ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
        const auto oldPipe = std::signal(SIGPIPE, SIG_IGN);
        const store::FileDescriptor leak(::socket(AF_UNIX, SOCK_STREAM, 0));
        const TestFolder folder;
        Exec exec(shell("/bin/ls /proc/self/fd > fds; grep -E '^Sig(Blk|Ign)' /proc/self/status > "
                        "signals; cat /proc/self/stat > stat; umask > /dev/null"),
                  {{"directory", folder.path()}});
        const std::string outcome = exec.outcome();
        (void)std::signal(SIGPIPE, oldPipe);
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), outcome);
        // 3 is the folder that ls itself reads.
        CPPUNIT_ASSERT_EQUAL(std::string("0\n1\n2\n3\n"), test::contentOf(folder / "fds"));
        std::istringstream signals(test::contentOf(folder / "signals"));
        for (std::string name, mask; signals >> name >> mask;)
        {
            // 32 and 33 are the C library's own: no program hears of them.
            constexpr unsigned long own = 0b11ul << 31u;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, 0ul, std::stoul(mask, nullptr, 16) & ~own);
        }
        std::istringstream stat(test::contentOf(folder / "stat"));
        std::string number, name, state, parent;
        pid_t group = 0, session = 0;
        stat >> number >> name >> state >> parent >> group >> session;
        CPPUNIT_ASSERT_EQUAL(group, session);
        CPPUNIT_ASSERT(session != ::getsid(0));
    }

    void aProgramNeedNotRead()
    {
        const std::string big(std::size_t{5} << 20, 'x');
        const auto outcome = [&](const std::string& script)
        {
            Exec exec(shell(script));
            exec.mail.content({big});
            return exec.outcome();
        };
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), outcome("exit 0"));
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), outcome("exec <&-; head -c 1 /dev/zero"));
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), outcome("head -c 10 > /dev/null"));
        CPPUNIT_ASSERT_EQUAL(std::string("550 5.1.1 No such user here"), outcome("exit 67"));
        // SIGPIPE has not come to us: the test is still here.
    }

    void aHugeMessageGoesThrough()
    {
        const TestFolder folder;
        Exec exec(
            shell("while dd bs=100000 count=50 2> /dev/null | grep -c . >> counts && "
                  "[ $(tail -1 counts) != 0 ]; do :; done; wc -l < counts > /dev/null; exit 0"),
            {{"directory", folder.path()}, {"trace", "0"}});
        Exec sum("/bin/sh -c \"wc -c > total\"", {{"directory", folder.path()}, {"trace", "0"}});
        std::vector<std::string> segments(30, std::string(std::size_t{1} << 20, 'y') + "\r\n");
        sum.mail.content(segments);
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), sum.outcome());
        CPPUNIT_ASSERT_EQUAL(std::to_string(30 * ((std::size_t{1} << 20) + 1)) + "\n",
                             test::contentOf(folder / "total"));
        exec.mail.content(segments);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "read slowly, in pieces", std::string("delivered"), exec.outcome());
    }

    void aTalkativeProgramIsHeardToItsEnd()
    {
        // It writes before it reads, so both pipes are full at some time.
        Exec exec(
            shell("head -c 1000000 /dev/zero | tr '\\0' a; head -c 1000000 /dev/zero | tr '\\0' "
                  "b >&2; echo >&2; echo end >&2; cat > /dev/null; exit 1"));
        exec.mail.content({std::string(std::size_t{1} << 20, 'x')});
        CPPUNIT_ASSERT_EQUAL(std::string(deferred), exec.outcome());
        assertContains(exec.log(), "standard error: end; standard output: aaaa");
        CPPUNIT_ASSERT(exec.log().size() < 3000);
    }

    void aDaemonThatKeepsThePipesIsNotWaitedFor()
    {
        const TestFolder folder;
        const Stopwatch watch;
        Exec exec(shell("sleep 300 & echo $! > child; exit 0"), {{"directory", folder.path()}});
        exec.mail.content({std::string(std::size_t{1} << 20, 'x')}); // more than the pipe takes
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), exec.outcome());
        watch.assertBelow(std::chrono::seconds(60));
        const pid_t child = std::stoi(test::contentOf(folder / "child"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("what it left behind runs on", 0, ::kill(child, SIGKILL));
        awaitEnd(child);
    }

    void whoIgnoresTheTimeIsKilled()
    {
        struct Row
        {
            const char* why;
            std::string script;
            std::string log;
        };

        const std::vector<Row> rows{
            {"ends when it is told to", "touch ready; exec sleep 300", "/bin/sh: its time is over"},
            {"does not listen",
             "trap '' TERM; echo busy >&2; touch ready; while :; do sleep 1; done",
             "/bin/sh: its time is over; standard error: busy"},
            {"a success that comes too late is none: nobody knows how far it got",
             "trap 'exit 0' TERM; touch ready; while :; do sleep 0.01; done",
             "/bin/sh: its time is over"},
            {"does not read, so that we cannot write",
             "touch ready; exec sleep 300 < /dev/zero",
             "/bin/sh: its time is over"}};
        const Stopwatch watch;
        for (const Row& row : rows)
        {
            const TestFolder folder;
            Exec exec(shell(row.script), {{"directory", folder.path()}});
            exec.mail.content({std::string(std::size_t{1} << 20, 'x')});
            const TimePasses time(exec.host, folder / "ready");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(deferred), exec.outcome());
            assertContains(exec.log(), row.log);
        }
        watch.assertBelow(std::chrono::seconds(100));
    }

    void theWholeGroupIsKilled()
    {
        const TestFolder folder;
        Exec exec(
            shell("(trap '' TERM; while :; do sleep 1; done) & echo $! > new; mv new child; wait"),
            {{"directory", folder.path()}});
        {
            const TimePasses time(exec.host, folder / "child");
            CPPUNIT_ASSERT_EQUAL(std::string(deferred), exec.outcome());
        }
        awaitEnd(std::stoi(test::contentOf(folder / "child")));
    }

    void theDeadlineGoesBeforeTheTimeout()
    {
        Exec exec(shell("trap '' TERM; while :; do sleep 1; done"));
        exec.mail.deadline(steady_clock::now() + std::chrono::milliseconds(2500));
        const Stopwatch watch;
        CPPUNIT_ASSERT_EQUAL(std::string(deferred), exec.outcome());
        watch.assertBelow(std::chrono::seconds(30)); // and not 62
        Exec past(shell("exec sleep 300"));
        past.mail.deadline(steady_clock::now() - std::chrono::seconds(1));
        CPPUNIT_ASSERT_EQUAL(std::string(deferred), past.outcome());
    }

    void aProgramThatIsGoneIsTemporary()
    {
        const TestFolder folder;
        const std::string path = folder / "program";
        test::writeFile(path, "#!/bin/sh\nexit 0\n");
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        Exec exec(path);
        CPPUNIT_ASSERT_EQUAL(std::string("delivered"), exec.outcome());
        const auto descriptors = test::openDescriptors();
        std::filesystem::remove(path);
        CPPUNIT_ASSERT_EQUAL(std::string(deferred), exec.outcome());
        assertContains(exec.log(), "cannot run " + path + ": No such file or directory");
        CPPUNIT_ASSERT_EQUAL(descriptors, test::openDescriptors());
        test::writeFile(path, "no program");
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        CPPUNIT_ASSERT_EQUAL(std::string(deferred), exec.outcome());
    }

    void manyThreadsRunPrograms()
    {
        const TestFolder folder;
        TestHost host(options(shell("cat > $RECIPIENT; exec 1>&-; sleep 0.01; exit 0"),
                              {{"directory", folder.path()}, {"per", "recipient"}}));
        ExecHandler handler(host.context());
        std::atomic<int> failures{0};
        std::vector<std::thread> threads;
        for (int thread = 0; thread < 8; ++thread)
            threads.emplace_back(
                [&, thread]
                {
                    for (int i = 0; i < 10; ++i)
                    {
                        TestMail mail(host, std::string(100'000, static_cast<char>('a' + thread)));
                        mail.rcpt(std::to_string(thread) + "-" + std::to_string(i));
                        Envelope envelope = mail.envelope();
                        Message message = mail.message();
                        const Report report = handler.deliver(envelope, mail.recipients(), message);
                        failures += static_cast<int>(report.failures().size());
                    }
                });
        for (std::thread& thread : threads)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(0, failures.load());
        for (const std::string& name : test::namesIn(folder.path()))
            assertContains(test::contentOf(folder / name),
                           std::string(100'000, static_cast<char>('a' + name[0] - '0')));
        CPPUNIT_ASSERT_EQUAL(std::size_t{80}, test::namesIn(folder.path()).size());
    }

    void allMistakesAreToldAtOnce()
    {
        CPPUNIT_ASSERT_EQUAL(
            std::string("command: begin with the program's absolute path\n"
                        "directory: /nowhere is no folder\n"
                        "timeout: write more than 0\n"
                        "environment: \"A B\" is no name of a variable, or one that exec sets\n"
                        "environment: \"SENDER\" is no name of a variable, or one that exec sets\n"
                        "success: \"256\" is not an exit status from 0 to 255\n"
                        "success: \"x\" is not an exit status from 0 to 255"),
            mistakesOf("cat",
                       {{"directory", "/nowhere"},
                        {"timeout", "0"},
                        {"environment", "A B\nSENDER"},
                        {"success", "256\nx"}}));
        CPPUNIT_ASSERT_EQUAL(std::string("command: /nowhere/x: No such file or directory"),
                             mistakesOf("/nowhere/x y"));
        CPPUNIT_ASSERT_EQUAL(std::string("command: /etc/passwd is no file that may be run"),
                             mistakesOf("/etc/passwd"));
        CPPUNIT_ASSERT_EQUAL(std::string("command: /bin is no file that may be run"),
                             mistakesOf("/bin"));
        CPPUNIT_ASSERT_EQUAL(std::string("command: a \" has no end"), mistakesOf("/bin/sh \"x"));
        CPPUNIT_ASSERT_EQUAL(std::string("command: begin with the program's absolute path"),
                             mistakesOf(" "));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ExecTest);
