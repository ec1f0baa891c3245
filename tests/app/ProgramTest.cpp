// The real program with its real plugins: every form of the command line, from its start to its
// exit status.
#include "app/Program.h"
#include "Paths.h"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace mpsmtp::test;

namespace
{

const std::string anyPort = "--listen=127.0.0.1:0";
const std::string source = inSource("");

void assertContains(const std::string& text, const std::string& part)
{
    CPPUNIT_ASSERT_MESSAGE("no \"" + part + "\" in:\n" + text,
                           text.find(part) != std::string::npos);
}

void assertStops(Program& program)
{
    program.signal(SIGTERM);
    const int status = program.wait();
    CPPUNIT_ASSERT_EQUAL_MESSAGE(program.err(), 0, status);
    assertContains(program.err(), "stopped");
}

/// Runs to the end; \return what it wrote to standard error
std::string runToEnd(const std::vector<std::string>& arguments,
                     const std::string& folder,
                     int expectedStatus,
                     const std::vector<std::string>& environment = {})
{
    Program program(arguments, folder, environment);
    const int status = program.wait();
    CPPUNIT_ASSERT_EQUAL_MESSAGE(program.err(), expectedStatus, status);
    return program.err();
}

/// etc/mpsmtp.ini with every example switched on, and a plugin that exists in place of the custom
/// one.
std::string enabledSample()
{
    std::ifstream file(source + "/etc/mpsmtp.ini");
    std::string text;
    for (std::string line; std::getline(file, line); text += '\n')
    {
        const bool isDisabled = line.size() > 1 && line[0] == ';' &&
                                (line[1] == '[' || (line[1] >= 'a' && line[1] <= 'z'));
        if (line.compare(0, 11, ";plugin_dir") == 0)
            continue;
        if (line.compare(0, 10, ";plugin = ") == 0)
            line = "plugin = " + inBuild("/plugins/discard.so");
        else if (line.compare(0, 8, ";file = ") == 0)
            line = "file = " + source + "/" + line.substr(8);
        else if (line.compare(0, 7, ";chain ") == 0)
            line = "chain = known, fields"; // which would never be called without it
        else if (isDisabled)
            line.erase(0, 1);
        text += line;
    }
    return text;
}

} // namespace

class ProgramTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ProgramTest);
    CPPUNIT_TEST(helpAndVersionGoToStandardOutput);
    CPPUNIT_TEST(aBadCommandLineEndsWith64);
    CPPUNIT_TEST(withoutArgumentsItPrintsSummaries);
    CPPUNIT_TEST(debugPrintsMailInFull);
    CPPUNIT_TEST(mhStoresByDomainAndUser);
    CPPUNIT_TEST(maildirStoresByDomainAndUser);
    CPPUNIT_TEST(mboxAppendsToOneFile);
    CPPUNIT_TEST(theSampleRunsFromAnyFolder);
    CPPUNIT_TEST(theSampleWithEverythingSwitchedOnIsRight);
    CPPUNIT_TEST(checkConfigMakesNothing);
    CPPUNIT_TEST(everyMistakeIsShownAtOnce);
    CPPUNIT_TEST(aFileThatIsNotThereEndsWith78);
    CPPUNIT_TEST(aConfigurationWithoutHandlersEndsWith78);
    CPPUNIT_TEST(aBadLogLevelEndsWith78);
    CPPUNIT_TEST(aLogThatCannotBeOpenedEndsWith78);
    CPPUNIT_TEST(aPortInUseEndsWith69);
    CPPUNIT_TEST(hangUpOpensTheLogAnewAndNeverEndsIt);
    CPPUNIT_TEST(aSecondSignalEndsItAtOnce);
    CPPUNIT_TEST(doubledSignalsAreOneWish);
    CPPUNIT_TEST(listPluginsShowsGoodAndBroken);
    CPPUNIT_TEST(explainShowsTheRouteAndItsHandlers);
    CPPUNIT_TEST(explainWithoutRoutesShowsEveryHandler);
    CPPUNIT_TEST(explainRefusesWhatItDoesNotUnderstand);
    CPPUNIT_TEST(explainMakesNothing);
    CPPUNIT_TEST(mistakesInRoutesEndWith78);
    CPPUNIT_TEST(doubtfulRoutesAreWarnings);
    CPPUNIT_TEST_SUITE_END();

    void helpAndVersionGoToStandardOutput()
    {
        for (const char* option : {"--help", "--version"})
        {
            Program program({option}, _folder.path());
            CPPUNIT_ASSERT_EQUAL(0, program.wait());
            assertContains(program.out(), "mpsmtpd");
            CPPUNIT_ASSERT_EQUAL(std::string(), program.err());
        }
    }

    void aBadCommandLineEndsWith64()
    {
        assertContains(runToEnd({"--confg", "x"}, _folder.path(), 64),
                       "mpsmtpd: unknown option \"--confg\" (did you mean \"--config\"?)");
        assertContains(runToEnd({"mh"}, _folder.path(), 64), "mpsmtpd: where to? mpsmtpd mh DIR");
    }

    void withoutArgumentsItPrintsSummaries()
    {
        Program program({anyPort}, _folder.path());
        sendMail(program.port(), "ben@example.com");
        assertStops(program);
        assertContains(program.out(), "ben@example.com");
        CPPUNIT_ASSERT(program.out().find("world") == std::string::npos);
    }

    void debugPrintsMailInFull()
    {
        Program program({"debug", "127.0.0.1", "0"}, _folder.path());
        sendMail(program.port(), "ben@example.com");
        assertStops(program);
        assertContains(program.out(), "world");
        assertContains(program.out(), "X-Peer: 127.0.0.1");
    }

    void mhStoresByDomainAndUser()
    {
        Program program({"mh", "mail_dir", anyPort}, _folder.path());
        sendMail(program.port(), "ben@example.com");
        sendMail(program.port(), "ben@EXAMPLE.com");
        assertStops(program);
        const auto mailbox = _folder.path() + "/mail_dir/example.com/ben/";
        assertContains(readFile(mailbox + "1"), "Subject: hello\n\nworld\n");
        assertContains(readFile(mailbox + "2"), "Subject: hello\n\nworld\n");
    }

    void maildirStoresByDomainAndUser()
    {
        Program program({"maildir", "50%{x}", anyPort}, _folder.path());
        sendMail(program.port(), "ben@example.com");
        assertStops(program);
        const auto fresh = _folder.path() + "/50%{x}/example.com/ben/new";
        CPPUNIT_ASSERT_MESSAGE(_folder.listing(), std::filesystem::is_directory(fresh));
        const auto file = std::filesystem::directory_iterator(fresh)->path().string();
        assertContains(readFile(file), "Subject: hello\n\nworld\n");
    }

    void mboxAppendsToOneFile()
    {
        Program program({"mbox", "all.mbox", anyPort}, _folder.path());
        sendMail(program.port(), "ben@example.com");
        sendMail(program.port(), "eve@example.net");
        assertStops(program);
        const auto text = readFile(_folder.path() + "/all.mbox");
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, text.find("From "));
        CPPUNIT_ASSERT_MESSAGE(text, text.find("world\n") != text.rfind("world\n"));
    }

    void theSampleRunsFromAnyFolder()
    {
        Program program(
            {"--config", source + "/etc/mpsmtp.ini", "--set", "listener:main.address=127.0.0.1:0"},
            _folder.path());
        sendMail(program.port(), "ben@example.com");
        assertStops(program);
        assertContains(program.out(), "world");
        assertContains(_folder.listing(), "mail/example.com/ben/new/");
    }

    void theSampleWithEverythingSwitchedOnIsRight()
    {
        _folder.write("x.ini", enabledSample());
        Program program({"--check-config", "--config", "x.ini"}, _folder.path());
        const int status = program.wait();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(program.err(), 0, status);
        CPPUNIT_ASSERT_EQUAL(std::string("x.ini: ok\n"), program.out());
    }

    void checkConfigMakesNothing()
    {
        _folder.write("x.ini",
                      "[listener:a]\naddress = 127.0.0.1:1\n[logging]\ntarget = x.log\n"
                      "[handler:h]\ntype = maildir\npath = mail/%{rcpt}\n"
                      "[handler:i]\ntype = mbox\npath = x.mbox\n"
                      "[handler:j]\ntype = mh\npath = mh/%{rcpt}\n");
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             runToEnd({"--check-config", "-c", "x.ini"}, _folder.path(), 0));
        CPPUNIT_ASSERT_EQUAL(std::string("x.ini\n"), _folder.listing());
    }

    void everyMistakeIsShownAtOnce()
    {
        _folder.write("x.ini",
                      "[listener:a]\naddres = 127.0.0.1:0\n[handler:h]\ntype = mailder\n"
                      "[limits]\nerrors = x\n[handler:i]\ntype = mh\npth = a\n[oops\n");
        for (const auto& arguments : {std::vector<std::string>{"--check-config", "-c", "x.ini"},
                                      std::vector<std::string>{"-c", "x.ini"}})
        {
            const auto text = runToEnd(arguments, _folder.path(), 78);
            assertContains(text, "x.ini:1: [listener:a] needs the key \"address\"\n");
            assertContains(text,
                           "x.ini:2: [listener:a] unknown key \"addres\" (did you mean "
                           "\"address\"?)\n");
            assertContains(text, "(did you mean \"maildir\"?)");
            assertContains(text, "x.ini:6: [limits] errors = x is not a whole number");
            assertContains(text, "x.ini:9: [handler:i]");
            assertContains(text, "(did you mean \"path\"?)");
            assertContains(text, "x.ini:10: the section's closing ] is missing: [oops\n");
            assertContains(text, "mistakes in the configuration\n");
        }
    }

    void aFileThatIsNotThereEndsWith78()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("no.ini: cannot read the configuration: No such file or "
                                         "directory\nmpsmtpd: 1 mistake in the configuration\n"),
                             runToEnd({"--config", "no.ini"}, _folder.path(), 78));
    }

    void aConfigurationWithoutHandlersEndsWith78()
    {
        _folder.write("x.ini", "[listener:a]\naddress = 127.0.0.1:0\n");
        assertContains(runToEnd({"--config", "x.ini"}, _folder.path(), 78),
                       "no handler; add a section [handler:NAME]");
    }

    void aBadLogLevelEndsWith78()
    {
        assertContains(runToEnd({anyPort}, _folder.path(), 78, {"LOG_LEVEL=LOUD"}),
                       "LOG_LEVEL: [logging] level = LOUD is not critical, error, warning");
    }

    void aLogThatCannotBeOpenedEndsWith78()
    {
        assertContains(
            runToEnd({anyPort, "--set", "logging.target=none/x.log"}, _folder.path(), 78),
            "cannot open the log file " + _folder.path() +
                "/none/x.log: No such file or directory");
    }

    void aPortInUseEndsWith69()
    {
        Program first({"debug", "127.0.0.1", "0"}, _folder.path());
        const auto port = std::to_string(first.port());
        const auto text = runToEnd({"debug", "127.0.0.1", port}, _folder.path(), 69);
        assertContains(text, "127.0.0.1:" + port);
        sendMail(first.port(), "ben@example.com");
        assertStops(first);
    }

    void hangUpOpensTheLogAnewAndNeverEndsIt()
    {
        const auto log = _folder.path() + "/x.log";
        Program program({anyPort, "--set", "logging.target=x.log", "--set", "logging.format=json"},
                        _folder.path());
        awaitFile(log, "Ctrl-C stops it");
        std::filesystem::rename(log, log + ".1");
        for (const int number : {SIGHUP, SIGUSR1})
            program.signal(number);
        awaitFile(log, "there is no configuration file to read again");
        program.signal(SIGTERM);
        CPPUNIT_ASSERT_EQUAL(0, program.wait());
        assertContains(readFile(log), "\"text\":\"stopped\"}\n");
        CPPUNIT_ASSERT_EQUAL_MESSAGE("the log is elsewhere", std::string(), program.err());
    }

    void aSecondSignalEndsItAtOnce()
    {
        Program program({anyPort}, _folder.path());
        Client client(program.port());
        beginTransaction(client);
        program.signal(SIGINT);
        program.awaitError("stopping");
        CPPUNIT_ASSERT_EQUAL(1, program.signalUntilEnd(SIGINT));
        assertContains(program.err(), "ended at once by a second signal");
    }

    void doubledSignalsAreOneWish()
    {
        Program program({anyPort}, _folder.path());
        Client client(program.port());
        beginTransaction(client);
        for (const int number : {SIGTERM, SIGINT, SIGTERM})
            program.signal(number);
        program.awaitError("stopping");
        client.send("hello\r\n.\r\n");
        client.expect("250");
        CPPUNIT_ASSERT_EQUAL(0, program.wait());
    }

    void listPluginsShowsGoodAndBroken()
    {
        std::filesystem::copy(inBuild("/plugins"), _folder.path() + "/p");
        _folder.write("p/text.so", "no ELF\n");
        Program program({"--list-plugins", "-v", "--set", "server.plugin_dir=p"}, _folder.path());
        CPPUNIT_ASSERT_EQUAL(0, program.wait());
        for (const char* type : {"console ",
                                 "discard ",
                                 "exec ",
                                 "headers ",
                                 "maildir ",
                                 "mbox ",
                                 "mh ",
                                 "recipients "})
            assertContains(program.out(), type);
        assertContains(program.out(), "(ABI 1.1) " + _folder.path() + "/p/mh.so\n    ");
        assertContains(program.out(), "broken: ");
        assertContains(program.out(), "text.so");
    }

    /// Three handlers, three routes; the last recipient of all is refused by none of them.
    void writeRoutes() const
    {
        _folder.write("x.ini",
                      "[listener:main]\naddress = 127.0.0.1:1\n[listener:inner]\naddress = "
                      "127.0.0.1:2\n[handler:screen]\ntype = console\nrequired = no\n"
                      "[handler:tree]\ntype = maildir\npath = mail/%{rcpt}\n"
                      "[handler:bin]\ntype = discard\n"
                      "[route:tickets]\nto = support@example.com, help@*\n"
                      "deliver = tree, bin?, screen\n"
                      "[route:inner]\nfrom = 10.0.0.0/8, listener:inner, *@ours.example\n"
                      "deliver = bin\n"
                      "[route:left]\nto = file:left\nreject = 550 5.1.6 Ben has left\n");
        _folder.write("left", "# gone\nben@example.com\n");
    }

    /// \return what it printed
    std::string explained(std::vector<std::string> arguments, int expectedStatus) const
    {
        arguments.insert(arguments.begin(), {"-c", "x.ini", "--explain"});
        Program program(arguments, _folder.path());
        const int status = program.wait();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(program.err(), expectedStatus, status);
        CPPUNIT_ASSERT_EQUAL(std::string(), expectedStatus == 64 ? "" : program.err());
        return program.out() + (expectedStatus == 64 ? program.err() : "");
    }

    void explainShowsTheRouteAndItsHandlers()
    {
        writeRoutes();
        CPPUNIT_ASSERT_EQUAL(
            std::string("to Support@example.com from <>, client 127.0.0.1, listener main\n"
                        "x.ini:13: [route:tickets] takes it, for\n"
                        "  tree (maildir)\n  bin (discard), optional\n"
                        "  screen (console), optional\n"),
            explained({"<Support@Example.com>"}, 0));
        const std::string inner = "x.ini:16: [route:inner] takes it, for\n  bin (discard)\n";
        CPPUNIT_ASSERT_EQUAL("to ben@example.com from <>, client 10.1.2.3, listener main\n" + inner,
                             explained({"ben@example.com", "--client", "::ffff:10.1.2.3"}, 0));
        assertContains(explained({"ben@example.com", "--listener", "inner"}, 0), inner);
        CPPUNIT_ASSERT_EQUAL(
            "to ben@example.com from <a@ours.example>, client unix, listener "
            "main\n" +
                inner,
            explained({"ben@example.com", "--client", "unix", "--from", "a@ours.example"}, 0));
        assertContains(explained({"ben@example.com", "--from", "<>"}, 1),
                       "\nx.ini:19: [route:left] refuses it: 550 5.1.6 Ben has left\n");
        assertContains(explained({"eve@example.com"}, 1),
                       "\nno route takes it: 550 5.1.1 No such recipient here\n");
    }

    void explainWithoutRoutesShowsEveryHandler()
    {
        _folder.write("x.ini",
                      "[listener:a]\naddress = 127.0.0.1:1\n[handler:h]\ntype = discard\n"
                      "[handler:i]\ntype = console\nrequired = no\n");
        CPPUNIT_ASSERT_EQUAL(
            std::string("to b@c.example from <>, client 127.0.0.1, listener a\n"
                        "there are no routes: every handler that delivers gets every mail\n"
                        "  h (discard)\n  i (console), optional\n"),
            explained({"b@c.example"}, 0));
    }

    void explainRefusesWhatItDoesNotUnderstand()
    {
        writeRoutes();
        CPPUNIT_ASSERT_EQUAL(
            std::string("mpsmtpd: \"a@\" is no address: Bad recipient address syntax\n"),
            explained({"a@"}, 64));
        assertContains(explained({"a@b c"}, 64), "\"a@b c\" is no address: something stands");
        assertContains(explained({"a@b", "--from", "@"}, 64), "\"@\" is no address: Bad sender");
        assertContains(explained({"a@b", "--client", "localhost"}, 64),
                       "\"localhost\" is no client: give an IP address, or unix");
        assertContains(explained({"a@b", "--listener", "iner"}, 64),
                       "there is no section [listener:iner] (did you mean \"inner\"?)");
    }

    void explainMakesNothing()
    {
        writeRoutes();
        explained({"help@example.com"}, 0);
        CPPUNIT_ASSERT_EQUAL(std::string("left\nx.ini\n"), _folder.listing());
    }

    void mistakesInRoutesEndWith78()
    {
        _folder.write("x.ini",
                      "[listener:main]\naddress = 127.0.0.1:0\n[handler:tree]\ntype = discard\n"
                      "[route:a]\nto = example.com, file:none\nfrom = listener:mian, 10.0.0.1/8\n"
                      "deliver = tre, tree, tree\n[route:b]\nto = file:list\nreject = 250 yes\n"
                      "[route:c]\ndeliver = tree?\n[route:d]\nto = a@b\n");
        _folder.write("list", "a@b\n\nhelp # me\n");
        const std::string expected =
            "list:3: [route:b] to \"help\" is no address; write help@* for every domain\n"
            "x.ini:6: [route:a] to cannot read " +
            _folder.path() +
            "/none: No such file or directory\n"
            "x.ini:6: [route:a] to \"example.com\" is no address; write *@example.com for the "
            "whole domain\n"
            "x.ini:7: [route:a] from \"listener:mian\" is no listener: there is no section "
            "[listener:mian] (did you mean \"main\"?)\n"
            "x.ini:7: [route:a] from \"10.0.0.1/8\" has bits behind its prefix; write 10.0.0.0/8 "
            "for the network or 10.0.0.1 for the one address\n"
            "x.ini:8: [route:a] deliver \"tre\" is no handler: there is no section [handler:tre] "
            "(did you mean \"tree\"?)\n"
            "x.ini:8: [route:a] deliver \"tree\" is there twice\n"
            "x.ini:11: [route:b] reject must begin with a reply code from 400 to 559, as in 550 "
            "5.7.1 Relaying denied\n"
            "x.ini:13: [route:c] deliver has only optional handlers, so 250 would promise nothing: "
            "leave the \"?\" out, or set required = yes in the handler's section\n"
            "x.ini:14: [route:d] needs \"deliver\" (handlers) or \"reject\" (a reply)\n"
            "mpsmtpd: 10 mistakes in the configuration\n";
        for (const auto& arguments : {std::vector<std::string>{"--check-config", "-c", "x.ini"},
                                      std::vector<std::string>{"-c", "x.ini"},
                                      std::vector<std::string>{"-c", "x.ini", "--explain", "a@b"}})
            CPPUNIT_ASSERT_EQUAL(expected, runToEnd(arguments, _folder.path(), 78));
    }

    void doubtfulRoutesAreWarnings()
    {
        _folder.write("x.ini",
                      "[listener:main]\naddress = 127.0.0.1:0\n[handler:tree]\ntype = discard\n"
                      "[handler:bin]\ntype = discard\n[route:a]\nto = *\ndeliver = tree\n"
                      "[route:b]\nto = file:empty\nreject = 550\n");
        _folder.write("empty", "");
        const auto text = runToEnd({"--check-config", "-c", "x.ini"}, _folder.path(), 0);
        assertContains(text, "x.ini:5: [handler:bin] is in no route: it gets no mail\n");
        assertContains(text,
                       "x.ini:10: [route:b] is never reached: [route:a] (x.ini:7) in front "
                       "of it takes every mail\n");
        assertContains(text,
                       "x.ini:11: [route:b] to file:empty holds no item, so it matches "
                       "nothing\n");
    }

    static void beginTransaction(Client& client)
    {
        client.expect("220");
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

CPPUNIT_TEST_SUITE_REGISTRATION(ProgramTest);
