// The command line: each form that is documented, and the sentence for each that is not.
#include "app/CommandLine.h"

#include "app/BuiltInSections.h"
#include "app/HelpText.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <variant>
#include <vector>

using namespace mpsmtp::app;

namespace
{

using Arguments = std::vector<std::string>;

std::string shownCommand(const CommandLine& line)
{
    static const char* const actions[] = {
        "", "check ", "plugins ", "explain ", "new ", "try ", "help ", "version "};
    static const char* const commands[] = {"file", "summary", "debug", "mh", "maildir", "mbox"};
    std::string text = actions[static_cast<int>(line.action)];
    text += commands[static_cast<int>(line.command)];
    for (const auto& each : {line.configFile, line.path, line.address})
        text += each.empty() ? "" : " " + each;
    for (const auto& each : line.settings)
        text += " +" + each;
    const auto& request = line.explain;
    for (const auto& each : {request.recipient, request.sender, request.client, request.listener})
        text += each.empty() ? "" : " ?" + each;
    if (!line.newPlugin.empty())
        text += " named " + line.newPlugin;
    for (const auto& each :
         {line.trial.handler, line.trial.sender, line.trial.message, line.trial.client})
        text += each.empty() ? "" : " " + each;
    for (const auto& each : line.trial.recipients)
        text += " to " + each;
    return text + (line.isVerbose ? " -v" : "");
}

std::string shown(const Arguments& arguments)
{
    const auto result = parseCommandLine(arguments);
    if (const auto* error = std::get_if<UsageError>(&result))
        return "! " + error->text;
    return shownCommand(std::get<CommandLine>(result));
}

struct Row
{
    const char* why;
    Arguments arguments;
    std::string expected;
};

void check(const std::vector<Row>& rows)
{
    for (const Row& row : rows)
        CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown(row.arguments));
}

std::string sectionsOf(const Arguments& arguments)
{
    std::string text;
    for (const auto& section :
         builtInSections(std::get<CommandLine>(parseCommandLine(arguments))).sections)
    {
        text += "[" + section.name + "]";
        for (const auto& setting : section.settings)
            text += " " + setting.key + "=" + setting.value;
    }
    return text;
}

} // namespace

class CommandLineTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(CommandLineTest);
    CPPUNIT_TEST(eachDocumentedFormIsUnderstood);
    CPPUNIT_TEST(optionsStandAnywhereAndInBothForms);
    CPPUNIT_TEST(debugTakesHostAndPort);
    CPPUNIT_TEST(eachMistakeHasItsSentence);
    CPPUNIT_TEST(helpAndVersionGoBeforeMistakesBehindThem);
    CPPUNIT_TEST(commandsStandForSections);
    CPPUNIT_TEST(helpNamesEveryOptionAndCommand);
    CPPUNIT_TEST(versionNamesTheAbi);
    CPPUNIT_TEST_SUITE_END();

    void eachDocumentedFormIsUnderstood()
    {
        check({
            {"nothing", {}, "summary localhost:8081"},
            {"a file", {"--config", "a.ini"}, "file a.ini"},
            {"debug", {"debug"}, "debug localhost:8081"},
            {"mh", {"mh", "mail_dir"}, "mh mail_dir localhost:8025"},
            {"maildir", {"maildir", "d"}, "maildir d localhost:8025"},
            {"mbox", {"mbox", "f"}, "mbox f localhost:8025"},
            {"listen", {"mh", "d", "--listen", "*:25"}, "mh d *:25"},
            {"check", {"--check-config", "--config", "a"}, "check file a"},
            {"plugins", {"--list-plugins"}, "plugins summary localhost:8081"},
            {"plugins of a file", {"--list-plugins", "-v", "-c", "a"}, "plugins file a -v"},
            {"explain", {"-c", "a", "--explain", "b@c"}, "explain file a ?b@c"},
            {"explain all",
             {"--from=<>", "--client=::1", "--listener=m", "--explain=b@c", "-c", "a"},
             "explain file a ?b@c ?<> ?::1 ?m"},
            {"a new plugin", {"--new-plugin", "a-b", "d"}, "new summary d named a-b"},
            {"a trial",
             {"-c",
              "a",
              "--test-handler",
              "h",
              "--from",
              "<>",
              "--rcpt",
              "b",
              "--rcpt=c",
              "--message",
              "-"},
             "try file a h <> - to b to c"},
            {"a trial with a client",
             {"-c", "a", "--test-handler=h", "--from=s", "--rcpt=b", "--message=m", "--client=::1"},
             "try file a h s m ::1 to b"},
            {"set", {"--set", "a.b=c", "--set", "d.e=f"}, "summary localhost:8081 +a.b=c +d.e=f"},
        });
    }

    void optionsStandAnywhereAndInBothForms()
    {
        check({
            {"=", {"--config=a=b"}, "file a=b"},
            {"short", {"-c", "a"}, "file a"},
            {"short, glued", {"-ca"}, "file a"},
            {"in front of the command", {"--listen=[::1]:0", "mbox", "f"}, "mbox f [::1]:0"},
            {"behind it", {"mbox", "f", "--listen=[::1]:0"}, "mbox f [::1]:0"},
            {"-- ends options", {"mh", "--", "-d"}, "mh -d localhost:8025"},
            {"a value may begin with a dash", {"-c", "-a"}, "file -a"},
            {"several addresses", {"--listen", "a:1, b:2"}, "summary a:1, b:2"},
        });
    }

    void debugTakesHostAndPort()
    {
        check({
            {"both", {"debug", "127.0.0.1", "0"}, "debug 127.0.0.1:0"},
            {"the host", {"debug", "example.org"}, "debug example.org:8081"},
            {"the port", {"debug", "2525"}, "debug localhost:2525"},
            {"IPv6", {"debug", "::1", "25"}, "debug [::1]:25"},
            {"IPv6 in brackets", {"debug", "[::1]", "25"}, "debug [::1]:25"},
            {"listen", {"debug", "--listen", "a:1"}, "debug a:1"},
            {"not a port",
             {"debug", "a", "b"},
             "! \"b\" is not a port; it is a number from 0 to 65535"},
            {"too large a port",
             {"debug", "65536"},
             "! \"65536\" is not a port; it is a number from 0 to 65535"},
            {"three words",
             {"debug", "a", "1", "2"},
             "! too many words: mpsmtpd debug [HOST] [PORT]"},
            {"twice",
             {"debug", "a", "--listen", "b:1"},
             "! --listen and debug HOST PORT exclude each other"},
        });
    }

    void eachMistakeHasItsSentence()
    {
        check({
            {"near", {"--confg", "a"}, "! unknown option \"--confg\" (did you mean \"--config\"?)"},
            {"near, with a value",
             {"--confg=a"},
             "! unknown option \"--confg\" (did you mean \"--config\"?)"},
            {"far", {"--xyzzy"}, "! unknown option \"--xyzzy\""},
            {"short", {"-x"}, "! unknown option \"-x\""},
            {"no abbreviation",
             {"--conf", "a"},
             "! unknown option \"--conf\" (did you mean \"--config\"?)"},
            {"no value", {"--config"}, "! option --config needs a value: --config FILE"},
            {"empty value", {"--config="}, "! option --config has an empty value"},
            {"unwanted value", {"--check-config=a"}, "! option --check-config takes no value"},
            {"twice", {"-c", "a", "-c", "b"}, "! option --config is there twice"},
            {"command",
             {"maildr", "a"},
             "! unknown command \"maildr\" (did you mean \"maildir\"?)"},
            {"a file as command",
             {"etc/mpsmtp.ini"},
             "! unknown command \"etc/mpsmtp.ini\"; a configuration is given with --config FILE"},
            {"no folder", {"mh"}, "! where to? mpsmtpd mh DIR"},
            {"empty folder", {"mh", ""}, "! where to? mpsmtpd mh DIR"},
            {"too much", {"mbox", "a", "b"}, "! too many words: mpsmtpd mbox FILE"},
            {"both",
             {"--config", "a", "debug"},
             "! a command and --config exclude each other: leave out \"debug\" or --config"},
            {"listen with a file",
             {"--config", "a", "--listen", "b:1"},
             "! --listen and --config exclude each other; use --set "
             "listener:NAME.address=HOST:PORT"},
            {"check without a file",
             {"--check-config"},
             "! --check-config needs the file to check: --config FILE"},
            {"two actions",
             {"--check-config", "--list-plugins"},
             "! --check-config, --list-plugins, --explain, --new-plugin and --test-handler "
             "exclude each other"},
            {"explain without a file",
             {"--explain", "a@b"},
             "! --explain needs the file with the routes: --config FILE"},
            {"explain twice",
             {"--explain", "a@b", "--explain", "c@d"},
             "! option --explain is there twice"},
            {"explain nothing",
             {"--explain"},
             "! option --explain needs a value: --explain ADDRESS"},
            {"a sender alone",
             {"-c", "a", "--from", "a@b"},
             "! option --from belongs to --explain ADDRESS or --test-handler NAME"},
            {"a client alone",
             {"--client", "::1"},
             "! option --client belongs to --explain ADDRESS or --test-handler NAME"},
            {"a listener instead of listen",
             {"mh", "d", "--listener", "a:1"},
             "! option --listener belongs to --explain ADDRESS"},
            {"a trial without a file",
             {"--test-handler", "h", "--from", "a", "--rcpt", "b", "--message", "m"},
             "! --test-handler needs --config FILE"},
            {"a trial without a sender",
             {"-c", "f", "--test-handler", "h", "--rcpt", "b", "--message", "m"},
             "! --test-handler needs --from SENDER"},
            {"a trial without a recipient",
             {"-c", "f", "--test-handler", "h", "--from", "a", "--message", "m"},
             "! --test-handler needs --rcpt ADDRESS"},
            {"a trial without a message",
             {"-c", "f", "--test-handler", "h", "--from", "a", "--rcpt", "b"},
             "! --test-handler needs --message FILE"},
            {"a mail without a trial",
             {"-c", "f", "--rcpt", "b"},
             "! option --rcpt belongs to --test-handler NAME"},
            {"a new plugin without a folder",
             {"--new-plugin", "a"},
             "! where to? mpsmtpd --new-plugin a DIR"},
            {"a new plugin with two",
             {"--new-plugin", "a", "b", "c"},
             "! too many words: mpsmtpd --new-plugin a DIR"},
            {"a new plugin that is no name",
             {"--new-plugin", "Tag", "d"},
             "! \"Tag\" cannot be the name of a plugin: it begins with a lower-case letter and "
             "holds "
             "only lower-case letters, digits, '-' and '_'"},
            {"a new plugin with a configuration",
             {"--new-plugin", "a", "d", "-c", "f"},
             "! --new-plugin configures nothing: leave out the other options"},
            {"a bad address",
             {"mh", "d", "--listen", "8025"},
             "! \"8025\" has no port; write HOST:PORT or unix:/PATH"},
        });
    }

    void helpAndVersionGoBeforeMistakesBehindThem()
    {
        check({
            {"help", {"--help", "--xyzzy"}, "help summary"},
            {"short help", {"-h"}, "help summary"},
            {"version", {"--version", "mdir"}, "version summary"},
            {"a mistake in front", {"--xyzzy", "--help"}, "! unknown option \"--xyzzy\""},
        });
    }

    void commandsStandForSections()
    {
        const std::string store = "/%{rcpt.domain}/%{rcpt.user}";
        const std::string at25 = "[listener:main] address=localhost:8025[handler:store] ";
        const std::string at81 = "[listener:main] address=localhost:8081[handler:screen] ";
        CPPUNIT_ASSERT_EQUAL(at81 + "type=console format=summary", sectionsOf({}));
        CPPUNIT_ASSERT_EQUAL(at81 + "type=console format=full", sectionsOf({"debug"}));
        CPPUNIT_ASSERT_EQUAL(at25 + "type=mh path=d" + store, sectionsOf({"mh", "d"}));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("a percent sign is one",
                                     at25 + "type=maildir path=100%%{x}" + store,
                                     sectionsOf({"maildir", "100%{x}"}));
        CPPUNIT_ASSERT_EQUAL(at25 + "type=mbox path=a/b", sectionsOf({"mbox", "a/b"}));
    }

    void helpNamesEveryOptionAndCommand()
    {
        const std::string help(helpText());
        for (const char* word : {"--config",
                                 "--listen",
                                 "--set",
                                 "--new-plugin",
                                 "--test-handler",
                                 "--rcpt",
                                 "--message",
                                 "--check-config",
                                 "--list-plugins",
                                 "--explain",
                                 "--from",
                                 "--client",
                                 "--listener",
                                 "-v",
                                 "--help",
                                 "--version",
                                 "debug [HOST] [PORT]",
                                 "mh DIR",
                                 "maildir DIR",
                                 "mbox FILE",
                                 "LOG_LEVEL"})
            CPPUNIT_ASSERT_MESSAGE(word, help.find(word) != std::string::npos);
    }

    void versionNamesTheAbi()
    {
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, versionText().find("mpsmtpd "));
        CPPUNIT_ASSERT(versionText().find("(ABI 1.1, POCO ") != std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CommandLineTest);
