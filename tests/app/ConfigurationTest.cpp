// From the text of a file, the environment and --set to values: defaults, every mistake, and who
// overrides whom.
#include "app/Configuration.h"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

using namespace mpsmtp::app;
using namespace std::chrono_literals;
using mpsmtp::delivery::Durability;
using mpsmtp::smtp::BareNewline;

namespace
{

const Surroundings machine{"host.example.org", "/srv/me", "/lib/plugins", {}};
const std::string minimal = "[listener:main]\naddress = localhost:8025\n[handler:h]\ntype = mh\n";

LoadedConfiguration load(const std::string& text,
                         const std::vector<std::string>& settings = {},
                         const Environment& environment = {})
{
    Surroundings surroundings = machine;
    surroundings.environment = environment;
    return makeConfiguration("x.ini", readIni(text, "x.ini"), settings, surroundings);
}

Configuration good(const std::string& text,
                   const std::vector<std::string>& settings = {},
                   const Environment& environment = {})
{
    auto loaded = load(text, settings, environment);
    CPPUNIT_ASSERT_EQUAL(std::string(),
                         loaded.problems.empty() ? "" : shown(loaded.problems.front()));
    return loaded.configuration;
}

std::string joined(const std::vector<mpsmtp::delivery::Problem>& problems)
{
    std::string text;
    for (const auto& problem : problems)
        text += (text.empty() ? "" : "\n") + shown(problem);
    return text;
}

struct Row
{
    const char* why;
    std::string lines; ///< behind `minimal`, so they begin in line 5
    std::string expected;
};

} // namespace

class ConfigurationTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ConfigurationTest);
    CPPUNIT_TEST(defaultsAreTheTables);
    CPPUNIT_TEST(everyKeyArrives);
    CPPUNIT_TEST(unknownNamesAreErrorsWithASuggestion);
    CPPUNIT_TEST(wrongValuesAreErrors);
    CPPUNIT_TEST(featuresToComeAreRefusedNotIgnored);
    CPPUNIT_TEST(sectionsAreCheckedAsAWhole);
    CPPUNIT_TEST(allMistakesAreReportedInFileOrder);
    CPPUNIT_TEST(bareNewlineDefaultsByAddress);
    CPPUNIT_TEST(handlersKeepTheirOwnKeys);
    CPPUNIT_TEST(pathsStartAtTheCurrentDirectory);
    CPPUNIT_TEST(environmentOverridesTheFile);
    CPPUNIT_TEST(setOverridesTheEnvironment);
    CPPUNIT_TEST(strangeVariablesAreWarnings);
    CPPUNIT_TEST(ambiguousVariablesAreErrors);
    CPPUNIT_TEST(logLevelGoesBeforeTheFile);
    CPPUNIT_TEST(badSetIsAnErrorThatHidesTheValue);
    CPPUNIT_TEST(missingFileIsAProblem);
    CPPUNIT_TEST(folderInPlaceOfAFileIsAProblem);
    CPPUNIT_TEST_SUITE_END();

    static void check(const std::vector<Row>& rows)
    {
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.expected, joined(load(minimal + row.lines).problems));
    }

    void defaultsAreTheTables()
    {
        const auto config = good(minimal);
        CPPUNIT_ASSERT_EQUAL(std::string("host.example.org"), config.server.hostname);
        CPPUNIT_ASSERT_EQUAL(std::string("host.example.org"), config.delivery.hostname);
        CPPUNIT_ASSERT_EQUAL(std::string("/lib/plugins"), config.delivery.pluginDirectory);
        CPPUNIT_ASSERT_EQUAL(std::string("/srv/me"), config.delivery.baseDirectory);
        CPPUNIT_ASSERT_EQUAL(std::string("/var/tmp"), config.delivery.spoolDirectory);
        CPPUNIT_ASSERT(config.delivery.durability == Durability::Journal);
        CPPUNIT_ASSERT_EQUAL(std::string("stderr"), config.logging.target);
        CPPUNIT_ASSERT_EQUAL(Poco::Message::PRIO_INFORMATION, config.logging.level);
        // The table's defaults and those of the structs are one.
        const mpsmtp::net::ServerConfig server;
        const mpsmtp::smtp::SessionOptions session;
        CPPUNIT_ASSERT_EQUAL(server.threads, config.server.threads);
        CPPUNIT_ASSERT_EQUAL(server.connections, config.server.connections);
        CPPUNIT_ASSERT_EQUAL(server.connectionsPerClient, config.server.connectionsPerClient);
        CPPUNIT_ASSERT(server.commandTimeout == config.server.commandTimeout);
        CPPUNIT_ASSERT(server.dataTimeout == config.server.dataTimeout);
        CPPUNIT_ASSERT_EQUAL(server.minDataRate, config.server.minDataRate);
        CPPUNIT_ASSERT(server.shutdownGrace == config.server.shutdownGrace);
        CPPUNIT_ASSERT_EQUAL(server.spin, config.server.spin);
        const auto& options = config.server.listeners.at(0).session;
        CPPUNIT_ASSERT_EQUAL(session.maxMessageOctets, options.maxMessageOctets);
        CPPUNIT_ASSERT_EQUAL(session.maxRecipients, options.maxRecipients);
        CPPUNIT_ASSERT_EQUAL(session.maxErrors, options.maxErrors);
        CPPUNIT_ASSERT_EQUAL(session.maxLineOctets, options.maxLineOctets);
        CPPUNIT_ASSERT_EQUAL(session.strictAddresses, options.strictAddresses);
        CPPUNIT_ASSERT_EQUAL(mpsmtp::delivery::DeliveryConfig().spoolMemoryOctets,
                             config.delivery.spoolMemoryOctets);
    }

    void everyKeyArrives()
    {
        const auto config =
            good("[server]\nhostname = mx.example.com\nplugin_dir = /p\nthreads = 7\n"
                 "shutdown_grace = 250ms\nspin = 0\n"
                 "[listener:a]\naddress = 127.0.0.1:1, [::1]:1\nstrict_addresses = yes\n"
                 "protocol = smtp\ntls = none\nauth = none\nproxy_protocol = off\n"
                 "[listener:b]\naddress = unix:/s\nbare_newline = normalize\n"
                 "[limits]\nmessage_size = 10K\nrecipients = 2\nconnections = 3\n"
                 "connections_per_client = 4\ncommand_timeout = 5\ndata_timeout = 6m\n"
                 "min_data_rate = 1K\nerrors = 0\nline_size = 512\n"
                 "[spool]\ndirectory = s\nmemory = 0\ndurability = none\n"
                 "[logging]\nlevel = Debug\nformat = json\ntarget = l/x.log\n"
                 "[handler:h]\ntype = mh\n[filters]\nchain = h, i\n"
                 "[route:a]\nto = a@b, file:c\ndeliver = h, i?\n"
                 "[route:b]\nfrom = unix\nreject = 550 No\n");
        CPPUNIT_ASSERT_EQUAL(std::string("mx.example.com"), config.server.hostname);
        CPPUNIT_ASSERT_EQUAL(std::string("/p"), config.delivery.pluginDirectory);
        CPPUNIT_ASSERT_EQUAL(std::size_t{7}, config.server.threads);
        CPPUNIT_ASSERT(config.server.shutdownGrace == 250ms);
        CPPUNIT_ASSERT_EQUAL(0u, config.server.spin);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, config.server.listeners.size());
        const auto& first = config.server.listeners[0];
        CPPUNIT_ASSERT_EQUAL(std::string("a"), first.name);
        CPPUNIT_ASSERT_EQUAL(std::string("[::1]:1"), first.addresses.at(1));
        CPPUNIT_ASSERT(first.session.strictAddresses);
        CPPUNIT_ASSERT(config.server.listeners[1].session.bareNewline == BareNewline::Normalize);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{10240}, first.session.maxMessageOctets);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, first.session.maxRecipients);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, config.server.connections);
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, config.server.connectionsPerClient);
        CPPUNIT_ASSERT(config.server.commandTimeout == 5s);
        CPPUNIT_ASSERT(config.server.dataTimeout == 6min);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1024}, config.server.minDataRate);
        CPPUNIT_ASSERT_EQUAL(0u, first.session.maxErrors);
        CPPUNIT_ASSERT_EQUAL(std::size_t{512}, first.session.maxLineOctets);
        CPPUNIT_ASSERT_EQUAL(std::string("/srv/me/s"), config.delivery.spoolDirectory);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, config.delivery.spoolMemoryOctets);
        CPPUNIT_ASSERT(config.delivery.durability == Durability::None);
        CPPUNIT_ASSERT_EQUAL(Poco::Message::PRIO_DEBUG, config.logging.level);
        CPPUNIT_ASSERT(config.logging.format == LogFormat::Json);
        CPPUNIT_ASSERT_EQUAL(std::string("/srv/me/l/x.log"), config.logging.target);
        CPPUNIT_ASSERT_EQUAL(std::string("i"), config.delivery.filterChain.at(1));
        CPPUNIT_ASSERT_EQUAL(38u, config.delivery.filterChainOrigin.line);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, config.delivery.listeners.size());
        CPPUNIT_ASSERT_EQUAL(std::string("b"), config.delivery.listeners[1]);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, config.delivery.routes.size());
        const auto& route = config.delivery.routes[0];
        CPPUNIT_ASSERT_EQUAL(std::string("a"), route.name);
        CPPUNIT_ASSERT_EQUAL(std::string("file:c"), route.to.at(1));
        CPPUNIT_ASSERT_EQUAL(std::string("i"), route.deliver.at(1).handler);
        CPPUNIT_ASSERT(!route.deliver[0].isOptional && route.deliver[1].isOptional);
        CPPUNIT_ASSERT_EQUAL(39u, route.origin.line);
        CPPUNIT_ASSERT_EQUAL(40u, route.toOrigin.line);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("not set: of the section", 39u, route.fromOrigin.line);
        CPPUNIT_ASSERT_EQUAL(41u, route.deliverOrigin.line);
        CPPUNIT_ASSERT_EQUAL(std::string("unix"), config.delivery.routes[1].from.at(0));
        CPPUNIT_ASSERT_EQUAL(std::string("550 No"), config.delivery.routes[1].reject);
        CPPUNIT_ASSERT_EQUAL(44u, config.delivery.routes[1].rejectOrigin.line);
    }

    void unknownNamesAreErrorsWithASuggestion()
    {
        check({
            {"a key",
             "[limits]\nmesage_size = 1",
             "x.ini:6: [limits] unknown key \"mesage_size\" (did you mean \"message_size\"?)"},
            {"a key in capitals",
             "[limits]\nErrors = 1",
             "x.ini:6: [limits] unknown key \"Errors\" (did you mean \"errors\"?)"},
            {"a key of another section",
             "[limits]\ndurability = none",
             "x.ini:6: [limits] unknown key \"durability\" (it belongs into [spool])"},
            {"a key of a named section",
             "[limits]\nstrict_addresses = no",
             "x.ini:6: [limits] unknown key \"strict_addresses\" (it belongs into "
             "[listener:NAME])"},
            {"a key like nothing",
             "[limits]\nxyzzy = 1",
             "x.ini:6: [limits] unknown key \"xyzzy\""},
            {"a section",
             "[limit]\nx = 1",
             "x.ini:5: unknown section [limit] (did you mean \"limits\"?)"},
            {"a named section",
             "[listner:a]",
             "x.ini:5: unknown section [listner:a] (did you mean \"listener\"?)"},
            {"a section like nothing", "[xyzzy]", "x.ini:5: unknown section [xyzzy]"},
        });
    }

    void wrongValuesAreErrors()
    {
        check({
            {"a size",
             "[limits]\nmessage_size = 10X",
             "x.ini:6: [limits] message_size = 10X is not a size such as 500, 10K, 50M or 2G"},
            {"a duration",
             "[limits]\ncommand_timeout = soon",
             "x.ini:6: [limits] command_timeout = soon is not a duration such as 250ms, 30s, 5m, "
             "12h or 7d"},
            {"a duration of nothing",
             "[limits]\ncommand_timeout = 0",
             "x.ini:6: [limits] command_timeout must be from 1ms to 24h"},
            {"a number",
             "[limits]\nerrors = many",
             "x.ini:6: [limits] errors = many is not a whole number such as 0, 25 or -1"},
            {"a negative number",
             "[limits]\nerrors = -1",
             "x.ini:6: [limits] errors must be from 0 to 1000000"},
            {"a size out of range",
             "[limits]\nline_size = 100",
             "x.ini:6: [limits] line_size must be from 512 to 1M"},
            {"a bool",
             "[listener:b]\naddress = a:1\nstrict_addresses = maybe",
             "x.ini:7: [listener:b] strict_addresses = maybe is not yes or no"},
            {"a choice",
             "[spool]\ndurability = sync",
             "x.ini:6: [spool] durability = sync is not journal, fsync or none"},
            {"a choice of three",
             "[listener:b]\naddress = a:1\nbare_newline = x",
             "x.ini:7: [listener:b] bare_newline = x is not keep, normalize or reject"},
            {"a level",
             "[logging]\nlevel = loud",
             "x.ini:6: [logging] level = loud is not critical, error, warning, notice, information "
             "(or info) or debug"},
            {"a name",
             "[server]\nhostname = a b",
             "x.ini:6: [server] hostname = a b is not a host's name"},
            {"nothing",
             "[server]\nhostname =",
             "x.ini:6: [server] hostname is empty; leave the line out for the default"},
            {"no address", "[listener:b]\naddress =", "x.ini:6: [listener:b] address is empty"},
            {"only commas", "[listener:b]\naddress = ,", "x.ini:6: [listener:b] address is empty"},
            {"an address",
             "[listener:b]\naddress = localhost",
             "x.ini:6: [listener:b] \"localhost\" has no port; write HOST:PORT or unix:/PATH"},
            {"an address twice",
             "[listener:b]\naddress = a:1, a:1",
             "x.ini:6: [listener:b] address a:1 is there twice"},
            {"an address of another listener",
             "[listener:b]\naddress = localhost:8025",
             "x.ini:6: [listener:b] address localhost:8025 is in [listener:main] too"},
        });
    }

    void featuresToComeAreRefusedNotIgnored()
    {
        check({
            {"tls",
             "[listener:b]\naddress = a:1\ntls = starttls",
             "x.ini:7: [listener:b] tls = starttls is not available in this version; only \"none\" "
             "is"},
            {"auth",
             "[listener:b]\naddress = a:1\nauth = any",
             "x.ini:7: [listener:b] auth = any is not available in this version; only \"none\" is"},
            {"proxy",
             "[listener:b]\naddress = a:1\nproxy_protocol = 10.0.0.0/8",
             "x.ini:7: [listener:b] proxy_protocol = 10.0.0.0/8 is not available in this version; "
             "only \"off\" is"},
            {"lmtp",
             "[listener:b]\naddress = a:1\nprotocol = lmtp",
             "x.ini:7: [listener:b] protocol = lmtp is not available in this version; only "
             "\"smtp\" "
             "is"},
            {"systemd",
             "[listener:b]\naddress = systemd:",
             "x.ini:6: [listener:b] systemd: needs the FileDescriptorName= of a socket unit, as in "
             "systemd:smtp"},
            {"[tls]", "[tls]\ncertificate = x", "x.ini:5: [tls] is not available in this version"},
        });
    }

    void sectionsAreCheckedAsAWhole()
    {
        check({
            {"no name", "[handler]\ntype = mh", "x.ini:5: [handler] needs a name: [handler:NAME]"},
            {"empty name",
             "[handler:]\ntype = mh",
             "x.ini:5: [handler:]: a name is made of letters, digits, \".\", \"-\" and \"_\""},
            {"bad name",
             "[handler:a b]\ntype = mh",
             "x.ini:5: [handler:a b]: a name is made of letters, digits, \".\", \"-\" and \"_\""},
            {"a name too many", "[limits:a]", "x.ini:5: [limits:a] takes no name; write [limits]"},
            {"no address", "[listener:b]", "x.ini:5: [listener:b] needs the key \"address\""},
            {"no type",
             "[handler:b]\nrequired = no",
             "x.ini:5: [handler:b] needs \"type\" (a bundled plugin) or \"plugin\" (a file)"},
            {"type and plugin",
             "[handler:b]\ntype = mh\nplugin = x.so",
             "x.ini:5: [handler:b] has both \"type\" and \"plugin\"; leave one out"},
            {"neither deliver nor reject",
             "[route:a]\nto = *",
             "x.ini:5: [route:a] needs \"deliver\" (handlers) or \"reject\" (a reply)"},
            {"deliver and reject",
             "[route:a]\ndeliver = h\nreject = 550",
             "x.ini:5: [route:a] has both \"deliver\" and \"reject\"; leave one out"},
            {"empty lists",
             "[route:a]\nto =\nfrom = ,\ndeliver =",
             "x.ini:6: [route:a] to is empty; leave the line out to match all\n"
             "x.ini:7: [route:a] from is empty; leave the line out to match all\n"
             "x.ini:8: [route:a] deliver is empty; name a handler"},
            {"a route's unknown key",
             "[route:a]\ndelivr = h\nreject = 550",
             "x.ini:6: [route:a] unknown key \"delivr\" (did you mean \"deliver\"?)"},
            {"a route without a name",
             "[route]\ndeliver = h",
             "x.ini:5: [route] needs a name: [route:NAME]"},
        });
        CPPUNIT_ASSERT_EQUAL(
            std::string("x.ini: no listener; add a section [listener:main] with address = "
                        "HOST:PORT\nx.ini: no handler; add a section [handler:NAME] with type = "
                        "maildir or another"),
            joined(load("").problems));
    }

    void allMistakesAreReportedInFileOrder()
    {
        CPPUNIT_ASSERT_EQUAL(
            std::string("x.ini:2: [server] unknown key \"a\"\n"
                        "x.ini:3: expected \"key = value\" or \"[section]\", not \"b\"\n"
                        "x.ini:5: [limits] errors = x is not a whole number such as 0, 25 or -1\n"
                        "--set spool.memory: [spool] memory = y is not a size such as 500, 10K, "
                        "50M or 2G\n"
                        "x.ini: no listener; add a section [listener:main] with address = "
                        "HOST:PORT\n"
                        "x.ini: no handler; add a section [handler:NAME] with type = maildir or "
                        "another"),
            joined(
                load("[server]\na = 1\nb\n[limits]\nerrors = x\n", {"spool.memory=y"}).problems));
    }

    void bareNewlineDefaultsByAddress()
    {
        const struct
        {
            const char* addresses;
            BareNewline expected;
        } rows[] = {
            {"127.0.0.1:1, [::1]:1", BareNewline::Keep},
            {"unix:/s", BareNewline::Keep},
            {"*:25", BareNewline::Reject},
            {"127.0.0.1:1, 192.0.2.1:1", BareNewline::Reject},
        };

        for (const auto& row : rows)
        {
            const auto config = good(std::string("[listener:a]\naddress = ") + row.addresses +
                                     "\n[handler:h]\ntype = mh\n");
            CPPUNIT_ASSERT_MESSAGE(
                row.addresses, config.server.listeners.at(0).session.bareNewline == row.expected);
        }
    }

    void handlersKeepTheirOwnKeys()
    {
        const auto config = good("[listener:a]\naddress = a:1\n[handler:z]\ntype = maildir\n"
                                 "path = p/%{rcpt.user}\nrequired = no\nmode = 0600\n"
                                 "[handler:b]\nplugin = my.so\n");
        const auto& handlers = config.delivery.handlers;
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, handlers.size());
        CPPUNIT_ASSERT_EQUAL(std::string("z"), handlers[0].name);
        CPPUNIT_ASSERT_EQUAL(std::string("maildir"), handlers[0].type);
        CPPUNIT_ASSERT(!handlers[0].required);
        CPPUNIT_ASSERT_EQUAL(3u, handlers[0].origin.line);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, handlers[0].settings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("path"), handlers[0].settings[0].key);
        CPPUNIT_ASSERT_EQUAL(std::string("p/%{rcpt.user}"), handlers[0].settings[0].value);
        CPPUNIT_ASSERT_EQUAL(5u, handlers[0].settings[0].origin.line);
        CPPUNIT_ASSERT_EQUAL(std::string("/srv/me/my.so"), handlers[1].plugin);
        CPPUNIT_ASSERT(handlers[1].required);
    }

    void pathsStartAtTheCurrentDirectory()
    {
        const auto config =
            good(minimal + "[server]\nplugin_dir = ../p\n[spool]\ndirectory = /s/./t\n");
        CPPUNIT_ASSERT_EQUAL(std::string("/srv/p"), config.delivery.pluginDirectory);
        CPPUNIT_ASSERT_EQUAL(std::string("/s/t"), config.delivery.spoolDirectory);
        const auto other = good(minimal, {}, {{"TMPDIR", "tmp"}});
        CPPUNIT_ASSERT_EQUAL(std::string("/srv/me/tmp"), other.delivery.spoolDirectory);
    }

    void environmentOverridesTheFile()
    {
        const std::string text = "[listener:main]\naddress = a:1\n[handler:my-tree]\ntype = mh\n"
                                 "path = a\n[handler:my-tree.b]\ntype = mh\n[limits]\nerrors = 1\n";
        const auto config = good(text,
                                 {},
                                 {{"MPSMTP_LIMITS_ERRORS", " 2 "},
                                  {"MPSMTP_LIMITS_MESSAGE_SIZE", "1M"},
                                  {"MPSMTP_SERVER_HOSTNAME", "e.example"},
                                  {"MPSMTP_LISTENER_MAIN_ADDRESS", "b:2"},
                                  {"MPSMTP_HANDLER_MY_TREE_PATH", "c"},
                                  {"MPSMTP_HANDLER_MY_TREE_B_PATH", "d"}});
        CPPUNIT_ASSERT_EQUAL(2u, config.server.listeners.at(0).session.maxErrors);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1} << 20,
                             config.server.listeners[0].session.maxMessageOctets);
        CPPUNIT_ASSERT_EQUAL(std::string("e.example"), config.server.hostname);
        CPPUNIT_ASSERT_EQUAL(std::string("b:2"), config.server.listeners[0].addresses.at(0));
        const auto& handlers = config.delivery.handlers;
        CPPUNIT_ASSERT_EQUAL(std::string("c"), handlers.at(0).settings.at(0).value);
        CPPUNIT_ASSERT_EQUAL(std::string("MPSMTP_HANDLER_MY_TREE_PATH"),
                             handlers[0].settings[0].origin.file);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "the longest section wins", std::string("d"), handlers.at(1).settings.at(0).value);
    }

    void setOverridesTheEnvironment()
    {
        const auto config = good(minimal + "[limits]\nerrors = 1\n",
                                 {"limits.errors=3",
                                  "limits.errors=4",
                                  "handler:a.b.type=console",
                                  "handler:h.path=x=y",
                                  "server.hostname = h.example"},
                                 {{"MPSMTP_LIMITS_ERRORS", "2"}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "the last one wins", 4u, config.server.listeners.at(0).session.maxErrors);
        CPPUNIT_ASSERT_EQUAL(std::string("x=y"),
                             config.delivery.handlers.at(0).settings.at(0).value);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "a section is made", std::string("a.b"), config.delivery.handlers.at(1).name);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("blanks", std::string("h.example"), config.server.hostname);
    }

    void strangeVariablesAreWarnings()
    {
        const auto loaded = load(minimal,
                                 {},
                                 {{"MPSMTP_LIMITS_ERORS", "2"},
                                  {"MPSMTP_HOME", "x"},
                                  {"MPSMTP_", "x"},
                                  {"OTHER_LIMITS_ERRORS", "x"}});
        CPPUNIT_ASSERT_EQUAL(std::string(), joined(loaded.problems));
        CPPUNIT_ASSERT_EQUAL(
            std::string("MPSMTP_LIMITS_ERORS: this variable names no key of the configuration (did "
                        "you mean \"MPSMTP_LIMITS_ERRORS\"?)\n"
                        "MPSMTP_HOME: this variable names no key of the configuration\n"
                        "MPSMTP_: this variable names no key of the configuration"),
            joined(loaded.warnings));
    }

    void ambiguousVariablesAreErrors()
    {
        const auto loaded = load(minimal + "[handler:a-b]\ntype = mh\n[handler:a.b]\ntype = mh\n",
                                 {},
                                 {{"MPSMTP_HANDLER_A_B_PATH", "x"}});
        CPPUNIT_ASSERT_EQUAL(std::string("MPSMTP_HANDLER_A_B_PATH: this variable could mean "
                                         "[handler:a-b] or [handler:a.b]; use --set instead"),
                             joined(loaded.problems));
    }

    void logLevelGoesBeforeTheFile()
    {
        const std::string text = minimal + "[logging]\nlevel = error\n";

        const struct
        {
            const char* value;
            Poco::Message::Priority expected;
        } rows[] = {
            {"DEBUG", Poco::Message::PRIO_DEBUG},
            {"INFO", Poco::Message::PRIO_INFORMATION},
            {"Warning", Poco::Message::PRIO_WARNING},
            {"ERROR", Poco::Message::PRIO_ERROR},
            {"CRITICAL", Poco::Message::PRIO_CRITICAL},
            {"", Poco::Message::PRIO_ERROR},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.value, row.expected, good(text, {}, {{"LOG_LEVEL", row.value}}).logging.level);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "the variable of the key goes before LOG_LEVEL",
            Poco::Message::PRIO_NOTICE,
            good(text, {}, {{"MPSMTP_LOGGING_LEVEL", "notice"}, {"LOG_LEVEL", "debug"}})
                .logging.level);
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "LOG_LEVEL: [logging] level = LOUD is not critical, error, warning, notice, "
                "information (or info) or debug"),
            joined(load(text, {}, {{"LOG_LEVEL", "LOUD"}}).problems));
    }

    void badSetIsAnErrorThatHidesTheValue()
    {
        const std::string expected = ": expected SECTION.KEY=VALUE, as in limits.message_size=1M";
        for (const char* text :
             {"limits", "limits=1", "limits.errors", ".errors=1", "limits.=1", "limits.a b=1", ""})
        {
            const std::string name(text);
            CPPUNIT_ASSERT_EQUAL("--set " + name.substr(0, name.find('=')) + expected,
                                 joined(load(minimal, {text}).problems));
        }
        CPPUNIT_ASSERT_EQUAL(
            std::string("--set limits.erors: [limits] unknown key \"erors\" (did you mean "
                        "\"errors\"?)"),
            joined(load(minimal, {"limits.erors=1"}).problems));
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "--set handler:tre.path: [handler:tre] needs \"type\" (a bundled plugin) or "
                "\"plugin\" (a file)"),
            joined(load(minimal, {"handler:tre.path=1"}).problems));
    }

    void missingFileIsAProblem()
    {
        CommandLine line;
        line.command = Command::File;
        line.configFile = "/nonexistent/x.ini";
        CPPUNIT_ASSERT_EQUAL(
            std::string("/nonexistent/x.ini: cannot read the configuration: No such "
                        "file or directory"),
            joined(loadConfiguration(line, machine).problems));
    }

    void folderInPlaceOfAFileIsAProblem()
    {
        CommandLine line;
        line.command = Command::File;
        line.configFile = "/";
        CPPUNIT_ASSERT_EQUAL(std::string("/: cannot read the configuration: Is a directory"),
                             joined(loadConfiguration(line, machine).problems));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConfigurationTest);
