// SIGHUP and SIGUSR1 as the administrator sees them: what is used afterwards, by whom, and what the
// log says. The network's side is net/SmtpServerReloadTest; load is system/test_reload.py.
#include "Paths.h"
#include "Program.h"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

using namespace mpsmtp::test;

namespace
{

void assertContains(const std::string& text, const std::string& part)
{
    CPPUNIT_ASSERT_MESSAGE("no \"" + part + "\" in:\n" + text,
                           text.find(part) != std::string::npos);
}

void assertLacks(const std::string& text, const std::string& part)
{
    CPPUNIT_ASSERT_MESSAGE("\"" + part + "\" in:\n" + text, text.find(part) == std::string::npos);
}

/// Lines 1 to 7; what is added begins in line 8.
std::string fileWith(const std::string& hostname, const std::string& store)
{
    return "[server]\nhostname = " + hostname +
           "\n[listener:main]\naddress = 127.0.0.1:0\n[handler:tree]\ntype = mh\npath = " + store +
           "\n";
}

const std::string first = fileWith("one.example.com", "first");
const std::string second = fileWith("two.example.com", "second");

} // namespace

class ReloadTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ReloadTest);
    CPPUNIT_TEST(whoIsThereEndsAsTheyBeganAndWhoComesGetsTheNewFile);
    CPPUNIT_TEST(whatHasChangedIsTold);
    CPPUNIT_TEST(aBrokenFileKeepsTheOldAndSaysWhy);
    CPPUNIT_TEST(aFileThatIsGoneKeepsTheOld);
    CPPUNIT_TEST(handlersThatCannotBeStartedKeepTheOld);
    CPPUNIT_TEST(anAddressInUseKeepsTheOldAndStopsTheNewHandlers);
    CPPUNIT_TEST(settingsOfTheCommandLineAndTheEnvironmentHold);
    CPPUNIT_TEST(theLogChangesToo);
    CPPUNIT_TEST(aLogThatCannotBeOpenedStaysWhereItWas);
    CPPUNIT_TEST(commandsWithoutAFileSaySo);
    CPPUNIT_TEST(theUserSignalOpensOnlyTheLog);
    CPPUNIT_TEST(aReplacedPluginIsNotLoadedButTold);
    CPPUNIT_TEST(itStopsWithSessionsOfSeveralGenerations);
    CPPUNIT_TEST_SUITE_END();

    void whoIsThereEndsAsTheyBeganAndWhoComesGetsTheNewFile()
    {
        Program program = start(first);
        Client early(program.port());
        beginTransaction(early, "one.example.com");
        reload(program, second);
        program.awaitError("configuration 2 is in use");
        sendMail(program.port(), "late@example.com");
        early.send("hello\r\n.\r\nQUIT\r\n");
        early.expect("250");
        early.expect("221 2.0.0 one.example.com");
        program.awaitError("the handlers of configuration 1 have stopped");
        stop(program);
        assertContains(_folder.listing(), "first/1\n");
        assertContains(_folder.listing(), "second/1\n");
    }

    void whatHasChangedIsTold()
    {
        Program program = start(first);
        reload(program,
               second + "[listener:more]\naddress = 127.0.0.1:0\n[limits]\nrecipients = 7\n");
        program.awaitError("changed: [server] hostname; [handler:tree] path; [listener:more] "
                           "added; [limits] added");
        const auto log = program.err();
        const auto added = log.rfind("listening on 127.0.0.1:");
        CPPUNIT_ASSERT_MESSAGE(log, added != log.find("listening on 127.0.0.1:"));
        reload(program, second);
        program.awaitError("configuration 3 is in use for new connections; changed: "
                           "[listener:more] removed; [limits] removed");
        assertContains(program.err(), "mpsmtpd has closed 127.0.0.1:");
        program.signal(SIGHUP);
        program.awaitError("configuration 4 is in use for new connections; changed: nothing");
        stop(program);
    }

    void aBrokenFileKeepsTheOldAndSaysWhy()
    {
        Program program = start(first);
        reload(program, second + "colour = red\n[limits]\nrecipients = many\n");
        program.awaitError("2 mistakes in the configuration; it stays as it was");
        assertContains(program.err(), "x.ini:8: ");
        assertContains(program.err(), "colour");
        assertContains(program.err(), "x.ini:10: ");
        assertServesFirst(program);
        reload(program, second);
        program.awaitError("configuration 2 is in use");
        stop(program);
    }

    void aFileThatIsGoneKeepsTheOld()
    {
        Program program = start(first);
        program.awaitError("Ctrl-C stops it");
        std::filesystem::remove(_folder.path() + "/x.ini");
        program.signal(SIGHUP);
        program.awaitError("x.ini: cannot read the configuration: No such file or directory");
        program.awaitError("it stays as it was");
        assertServesFirst(program);
        stop(program);
    }

    void handlersThatCannotBeStartedKeepTheOld()
    {
        Program program = start(first);
        reload(program, second + "[spool]\ndirectory = /dev/null/spool\n");
        program.awaitError("1 mistake in the configuration; it stays as it was");
        assertContains(program.err(), "/dev/null/spool");
        assertServesFirst(program);
        stop(program);
    }

    void anAddressInUseKeepsTheOldAndStopsTheNewHandlers()
    {
        Program other({"debug", "127.0.0.1", "0"}, _folder.path());
        const std::string taken = "127.0.0.1:" + std::to_string(other.port());
        Program program = start(first);
        reload(program, second + "[listener:more]\naddress = " + taken + "\n");
        program.awaitError("cannot listen on " + taken);
        program.awaitError("the configuration stays as it was");
        program.awaitError("the handlers of configuration 2 have stopped");
        assertServesFirst(program);
        stop(program);
        stop(other);
    }

    void settingsOfTheCommandLineAndTheEnvironmentHold()
    {
        _folder.write("x.ini", first);
        Program program({"--config", "x.ini", "--set", "server.hostname=set.example.com"},
                        _folder.path(),
                        {"MPSMTP_HANDLER_TREE_PATH=environment"});
        const auto port = program.port();
        reload(program, second);
        program.awaitError("changed: nothing");
        Client client(port);
        client.expect("220 set.example.com");
        sendMail(port, "ben@example.com");
        stop(program);
        assertContains(_folder.listing(), "environment/1\n");
    }

    void theLogChangesToo()
    {
        const auto log = _folder.path() + "/x.log";
        Program program = start(first);
        reload(program, first + "[logging]\ntarget = x.log\nformat = json\nlevel = debug\n");
        awaitFile(log, "configuration 2 is in use");
        sendMail(program.port(), "ben@example.com");
        awaitFile(log, "\"text\":\"session 1 of 127.0.0.1 connected to main\",\"session\":1,");
        assertLacks(program.err(), "configuration 2");
        reload(program, first);
        program.awaitError("configuration 3 is in use");
        const auto before = readFile(log);
        stop(program);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("the log is elsewhere again", before, readFile(log));
    }

    void aLogThatCannotBeOpenedStaysWhereItWas()
    {
        Program program = start(first);
        reload(program, second + "[logging]\ntarget = none/x.log\n");
        program.awaitError("cannot open the log file " + _folder.path() +
                           "/none/x.log: No such file or directory; the log stays where it was");
        program.awaitError("configuration 2 is in use");
        Client client(program.port());
        client.expect("220 two.example.com");
        stop(program);
    }

    void commandsWithoutAFileSaySo()
    {
        Program program({"debug", "127.0.0.1", "0"}, _folder.path());
        const auto port = program.port();
        program.signal(SIGHUP);
        program.awaitError("there is no configuration file to read again");
        sendMail(port, "ben@example.com");
        stop(program);
    }

    void theUserSignalOpensOnlyTheLog()
    {
        Program program = start(first);
        program.awaitError("Ctrl-C stops it");
        _folder.write("x.ini", second);
        program.signal(SIGUSR1);
        program.awaitError("the log is open anew");
        assertServesFirst(program);
        stop(program);
        assertLacks(program.err(), "configuration 2");
    }

    void aReplacedPluginIsNotLoadedButTold()
    {
        std::filesystem::copy(inBuild("/plugins"), _folder.path() + "/p");
        _folder.write("x.ini", first);
        Program program({"--config", "x.ini", "--set", "server.plugin_dir=p"}, _folder.path());
        const auto port = program.port();
        const auto plugin = _folder.path() + "/p/mh.so";
        std::filesystem::copy(plugin, plugin + ".new");
        std::filesystem::rename(plugin + ".new", plugin);
        reload(program, second);
        program.awaitError(plugin +
                           " has changed since it was loaded; restart to run the new code");
        program.awaitError("configuration 2 is in use");
        sendMail(port, "ben@example.com");
        stop(program);
        assertContains(_folder.listing(), "second/1\n");
    }

    void itStopsWithSessionsOfSeveralGenerations()
    {
        Program program = start(first);
        Client one(program.port());
        beginTransaction(one, "one.example.com");
        reload(program, second);
        program.awaitError("configuration 2 is in use");
        Client two(program.port());
        beginTransaction(two, "two.example.com");
        program.signal(SIGTERM);
        program.awaitError("stopping");
        for (Client* client : {&one, &two})
        {
            client->send("hello\r\n.\r\n");
            client->expect("250");
        }
        CPPUNIT_ASSERT_EQUAL(0, program.wait());
        assertContains(_folder.listing(), "first/1\n");
        assertContains(_folder.listing(), "second/1\n");
    }

    [[nodiscard]] Program start(const std::string& file) const
    {
        _folder.write("x.ini", file);
        return Program({"--config", "x.ini"}, _folder.path());
    }

    void reload(Program& program, const std::string& file) const
    {
        program.awaitError("Ctrl-C stops it");
        _folder.write("x.ini", file);
        program.signal(SIGHUP);
    }

    static void assertServesFirst(Program& program)
    {
        Client client(program.port());
        client.expect("220 one.example.com");
        sendMail(program.port(), "ben@example.com");
    }

    static void stop(Program& program)
    {
        program.signal(SIGTERM);
        const int status = program.wait();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(program.err(), 0, status);
    }

    static void beginTransaction(Client& client, const std::string& hostname)
    {
        client.expect("220 " + hostname);
        client.send("HELO localhost\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n");
        for (const char* code : {"250", "250", "250", "354"})
            client.expect(code);
    }

    static void awaitFile(const std::string& path, const std::string& part)
    {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (readFile(path).find(part) == std::string::npos)
            CPPUNIT_ASSERT_MESSAGE(path + ":\n" + readFile(path),
                                   std::chrono::steady_clock::now() < deadline);
    }

    TemporaryFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReloadTest);
