// Tests of delivery/Routes: which route takes a recipient, and the sentence for each mistake.
#include "delivery/Routes.h"

#include "delivery/NaiveMatcher.h"
#include "delivery/RouteSupport.h"
#include "delivery/TestSupport.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

using namespace mpsmtp::delivery;
using mpsmtp::delivery::test::AddressGenerator;
using mpsmtp::delivery::test::naiveList;
using mpsmtp::delivery::test::pathOf;
using mpsmtp::delivery::test::shown;
using mpsmtp::delivery::test::TempFolder;
using mpsmtp::smtp::SessionInfo;

namespace
{

using Items = std::vector<std::string>;

const std::vector<std::string> listeners{"main", "submission"};

/// Lines 10, 11 and so on of the file x.
RouteConfig
route(const std::string& name, Items to, Items from = {}, const std::string& reject = "")
{
    RouteConfig config;
    config.name = name;
    config.to = std::move(to);
    config.from = std::move(from);
    config.reject = reject;
    config.origin = {"x", 10};
    config.toOrigin = {"x", 11};
    config.fromOrigin = {"x", 12};
    config.rejectOrigin = {"x", 13};
    if (reject.empty())
        config.deliver = {{"tree", false}, {"screen", true}};
    return config;
}

struct Made
{
    Routes routes;
    std::string problems;
    std::string warnings;
};

Made make(const std::vector<RouteConfig>& configs, const std::string& folder = "/")
{
    std::vector<Problem> problems;
    std::vector<Problem> warnings;
    Routes routes(configs, folder, listeners, problems, warnings);
    return {std::move(routes), shown(problems), shown(warnings)};
}

/// Who sends: a client's address, a listener, a sender.
struct Source
{
    const char* client = "192.0.2.1";
    const char* listener = "main";
    const char* sender = "eve@elsewhere.example";
};

/// The route's name, or "-".
std::string found(const Routes& routes, const std::string& recipient, const Source& source = {})
{
    SessionInfo session;
    session.clientAddress = source.client;
    session.listener = source.listener;
    const auto reversePath = pathOf(source.sender);
    const auto forwardPath = pathOf(recipient);
    const Route* route = routes.find({session, reversePath, forwardPath});
    return route == nullptr ? "-" : route->name();
}

void write(const std::string& path, const std::string& text)
{
    std::ofstream(path, std::ios::binary) << text;
}

} // namespace

class RoutesTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(RoutesTest);
    CPPUNIT_TEST(withoutSectionsThereAreNone);
    CPPUNIT_TEST(theFirstMatchWins);
    CPPUNIT_TEST(toMatchesRecipients);
    CPPUNIT_TEST(fromMatchesClientsListenersAndSenders);
    CPPUNIT_TEST(bothMustMatch);
    CPPUNIT_TEST(theyAnswerAsANaiveMatcherDoes);
    CPPUNIT_TEST(aRouteHasTargetsOrAReply);
    CPPUNIT_TEST(listsMayStandInFiles);
    CPPUNIT_TEST(aNegatedFileIsAnException);
    CPPUNIT_TEST(anEmptyFileMatchesNobody);
    CPPUNIT_TEST(mistakesInToHaveASentence);
    CPPUNIT_TEST(mistakesInFromHaveASentence);
    CPPUNIT_TEST(mistakesInRejectHaveASentence);
    CPPUNIT_TEST(mistakesInFilesHaveTheirLine);
    CPPUNIT_TEST(filesThatCannotBeReadAreProblemsOfTheKey);
    CPPUNIT_TEST(aFileOfAnotherKindIsNotListedLineByLine);
    CPPUNIT_TEST(unreachableRoutesAreWarnings);
    CPPUNIT_TEST(authMatchesNobodyAndSaysSo);
    CPPUNIT_TEST(listenersAreCheckedOnlyWhereTheyAreKnown);
    CPPUNIT_TEST_SUITE_END();

public:
    void withoutSectionsThereAreNone()
    {
        CPPUNIT_ASSERT(Routes().empty());
        CPPUNIT_ASSERT(make({}).routes.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("-"), found(make({}).routes, "a@b"));
        CPPUNIT_ASSERT(!make({route("a", {"*"})}).routes.empty());
    }

    void theFirstMatchWins()
    {
        const auto made = make({route("tickets", {"support@example.com", "help@*"}),
                                route("domain", {"*@example.com"}),
                                route("again", {"help@*", "last@*"})});
        for (const auto& [recipient, expected] :
             std::vector<std::pair<const char*, const char*>>{{"support@example.com", "tickets"},
                                                              {"help@example.com", "tickets"},
                                                              {"ben@example.com", "domain"},
                                                              {"last@example.net", "again"},
                                                              {"ben@example.net", "-"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                recipient, std::string(expected), found(made.routes, recipient));
        CPPUNIT_ASSERT_EQUAL(std::string(), made.problems + made.warnings);
    }

    void toMatchesRecipients()
    {
        struct Row
        {
            const char* why;
            Items to;
            const char* recipient;
            bool expected;
        };

        for (const Row& row :
             {Row{"no list", {}, "a@b", true},
              Row{"a star", {"*"}, "a@b", true},
              Row{"people write support@ and mean Support@", {"Support@d"}, "suPPort@D", true},
              Row{"one of several", {"a@b", "c@d"}, "c@d", true},
              Row{"none of several", {"a@b", "c@d"}, "a@d", false},
              Row{"postmaster anywhere", {"postmaster"}, "Postmaster@any.example", true},
              Row{"postmaster of this host", {"postmaster"}, "postmaster", true},
              Row{"no other master", {"postmaster"}, "webmaster@any.example", false},
              Row{"not the negated one", {"*@d", "!ben@d"}, "ben@d", false},
              Row{"but the others", {"*@d", "!ben@d"}, "eve@d", true},
              Row{"only negated: others", {"!ben@d"}, "eve@d", true},
              Row{"only negated: itself", {"!ben@d"}, "Ben@d", false},
              Row{"the order does not matter", {"!ben@d", "*@d"}, "ben@d", false},
              Row{"a blank behind the !", {"! ben@d"}, "ben@d", false},
              Row{"negated postmaster", {"*", "!postmaster"}, "postmaster@d", false},
              Row{"a local-part that begins with !", {"\"!ben\"@d"}, "!ben@d", true}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why,
                                         std::string(row.expected ? "r" : "-"),
                                         found(make({route("r", row.to)}).routes, row.recipient));
    }

    void fromMatchesClientsListenersAndSenders()
    {
        struct Row
        {
            const char* why;
            Items from;
            Source source;
            bool expected;
        };

        for (const Row& row :
             {Row{"no list", {}, {}, true},
              Row{"a star", {"*"}, {"unix", "main", "<>"}, true},
              Row{"an address", {"192.0.2.1"}, {}, true},
              Row{"a network", {"10.0.0.0/8", "192.0.2.0/24"}, {}, true},
              Row{"another network", {"10.0.0.0/8"}, {}, false},
              Row{"a mapped client", {"10.0.0.0/8"}, {"::ffff:10.1.2.3"}, true},
              Row{"IPv6", {"2001:db8::/32"}, {"2001:db8::1"}, true},
              Row{"a Unix socket", {"unix"}, {"unix"}, true},
              Row{"a Unix socket is in no network", {"0.0.0.0/0", "::/0"}, {"unix"}, false},
              Row{"a client is no Unix socket", {"unix"}, {}, false},
              Row{"a listener", {"listener:submission"}, {"::1", "submission"}, true},
              Row{"another listener", {"listener:submission"}, {}, false},
              Row{"nobody is authenticated yet", {"auth"}, {}, false},
              Row{"a sender", {"eve@elsewhere.example"}, {}, true},
              Row{"a sender's domain", {"*@elsewhere.example"}, {}, true},
              Row{"another sender", {"*@example.com"}, {}, false},
              Row{"the null reverse-path", {"<>"}, {"::1", "main", "<>"}, true},
              Row{"a sender is not null", {"<>"}, {}, false},
              Row{"the null reverse-path is no address", {"*@*"}, {"::1", "main", "<>"}, false},
              Row{"all but a network", {"!192.0.2.0/24"}, {}, false},
              Row{"all but another network", {"!10.0.0.0/8"}, {}, true},
              Row{"a network, but not this sender", {"192.0.2.0/24", "!eve@*"}, {}, false},
              Row{"either of two kinds", {"10.0.0.0/8", "eve@*"}, {}, true}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why,
                std::string(row.expected ? "r" : "-"),
                found(make({route("r", {}, row.from)}).routes, "a@b", row.source));
    }

    void bothMustMatch()
    {
        const auto made = make({route("r", {"a@*"}, {"10.0.0.0/8"})});
        CPPUNIT_ASSERT_EQUAL(std::string("r"), found(made.routes, "a@b", {"10.1.1.1"}));
        CPPUNIT_ASSERT_EQUAL(std::string("-"), found(made.routes, "b@b", {"10.1.1.1"}));
        CPPUNIT_ASSERT_EQUAL(std::string("-"), found(made.routes, "a@b"));
    }

    void theyAnswerAsANaiveMatcherDoes()
    {
        AddressGenerator generator;
        for (int round = 0; round < 200; ++round)
        {
            // In files every second time: they must not differ from lists.
            std::vector<Items> to{generator.list(), generator.list()};
            std::vector<Items> from{generator.list(), {}};
            std::vector<RouteConfig> configs;
            for (std::size_t i = 0; i < to.size(); ++i)
                configs.push_back(
                    route(std::to_string(i), round % 2 == 0 ? to[i] : inFile(to[i], i), from[i]));
            const auto made = make(configs, _folder.path());
            CPPUNIT_ASSERT_EQUAL(std::string(), made.problems);
            for (int i = 0; i < 40; ++i)
            {
                const auto recipient = generator.address();
                const auto sender = generator.address();
                std::string expected = "-";
                for (std::size_t k = to.size(); k-- > 0;)
                    if (naiveList(to[k], recipient) && naiveList(from[k], sender))
                        expected = std::to_string(k);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    sender + " → " + recipient,
                    expected,
                    found(made.routes, recipient, {"unix", "main", sender.c_str()}));
            }
        }
    }

    void aRouteHasTargetsOrAReply()
    {
        const auto made = make({route("a", {"a@*"}), route("b", {}, {}, "450 Later")});
        const SessionInfo session;
        const auto sender = pathOf("<>");
        const auto* first = made.routes.find({session, sender, pathOf("a@b")});
        CPPUNIT_ASSERT(!first->rejection());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, first->targets().size());
        CPPUNIT_ASSERT_EQUAL(std::string("screen"), first->targets()[1].handler);
        CPPUNIT_ASSERT(first->targets()[1].isOptional);
        CPPUNIT_ASSERT_EQUAL(10u, first->origin().line);
        const auto* second = made.routes.find({session, sender, pathOf("b@b")});
        CPPUNIT_ASSERT_EQUAL(450u, second->rejection().value().code);
        CPPUNIT_ASSERT(second->targets().empty());
    }

    void listsMayStandInFiles()
    {
        write(_folder.path("list"),
              "\xef\xbb\xbf# our people\r\n\r\nben@d   # the first\r\n\teve@d\n!eve@d\n"
              "a#b@d\n*@sub.d");
        const auto made = make({route("r", {"file:list", "x@d"})}, _folder.path());
        CPPUNIT_ASSERT_EQUAL(std::string(), made.problems + made.warnings);
        for (const char* recipient : {"ben@d", "a#b@d", "z@sub.d", "x@d"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                recipient, std::string("r"), found(made.routes, recipient));
        for (const char* recipient : {"eve@d", "first@d", "a@d"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                recipient, std::string("-"), found(made.routes, recipient));
        write(_folder.path("clients"), "10.0.0.0/8\nlistener:submission\n<>\n");
        const auto other = make({route("r", {}, {"file: " + _folder.path("clients")})});
        CPPUNIT_ASSERT_EQUAL(std::string(), other.problems + other.warnings);
        CPPUNIT_ASSERT_EQUAL(std::string("r"), found(other.routes, "a@b", {"10.1.1.1"}));
        CPPUNIT_ASSERT_EQUAL(std::string("-"), found(other.routes, "a@b"));
    }

    void aNegatedFileIsAnException()
    {
        write(_folder.path("list"), "ben@d\neve@d\n");
        const auto made = make({route("r", {"*@d", "!file:list"})}, _folder.path());
        CPPUNIT_ASSERT_EQUAL(std::string("r"), found(made.routes, "dale@d"));
        CPPUNIT_ASSERT_EQUAL(std::string("-"), found(made.routes, "Eve@d"));
        write(_folder.path("list"), "ben@d\n!eve@d\n");
        CPPUNIT_ASSERT_EQUAL(std::string("list:2: [route:r] to \"!eve@d\" is negated twice: there "
                                         "is a \"!\" in front of file: too"),
                             make({route("r", {"!file:list"})}, _folder.path()).problems);
    }

    void anEmptyFileMatchesNobody()
    {
        write(_folder.path("list"), "# all gone\n");
        const auto made = make({route("r", {"file:list"})}, _folder.path());
        CPPUNIT_ASSERT_EQUAL(std::string("-"), found(made.routes, "ben@d"));
        CPPUNIT_ASSERT_EQUAL(
            std::string("x:11: [route:r] to file:list holds no item, so it matches nothing"),
            made.warnings);
        const auto negated = make({route("r", {"!file:list"})}, _folder.path());
        CPPUNIT_ASSERT_EQUAL(std::string("r"), found(negated.routes, "ben@d"));
    }

    void mistakesInToHaveASentence()
    {
        struct Row
        {
            const char* why;
            const char* item;
            const char* expected;
        };

        for (const Row& row :
             {Row{"a domain",
                  "example.com",
                  "\"example.com\" is no address; write *@example.com for the whole domain"},
              Row{"a domain with a star",
                  "*.example.com",
                  "\"*.example.com\" is no address; write *@*.example.com for the whole domain"},
              Row{"a local-part",
                  "support",
                  "\"support\" is no address; write support@* for every domain"},
              Row{"a path",
                  "lists/people",
                  "\"lists/people\" is no address; write file:lists/people for a list in a file"},
              Row{"brackets", "<a@b>", "\"<a@b>\" is no address here; write it without < and >"},
              Row{"a network",
                  "10.0.0.0/8",
                  "\"10.0.0.0/8\" is no address; it belongs into "
                  "\"from\""},
              Row{"a listener",
                  "listener:main",
                  "\"listener:main\" is no address; it belongs into \"from\""},
              Row{"an address without a local-part",
                  "@d",
                  "\"@d\" has nothing in front of the @; write *@d"},
              Row{"nothing negated", "!", "has a \"!\" with nothing behind it"},
              Row{"no path", "file:", "needs a path behind file:"},
              Row{"control octets",
                  "a\x1b@b",
                  "\"a\\x1B@b\" is no address: what stands in front "
                  "of the @ is no local-part"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why,
                                         std::string("x:11: [route:r] to ") + row.expected,
                                         make({route("r", {row.item})}).problems);
    }

    void mistakesInFromHaveASentence()
    {
        struct Row
        {
            const char* why;
            const char* item;
            const char* expected;
        };

        const std::string none = " is none of these: a client's address or network, unix, auth, "
                                 "listener:NAME, file:PATH, a sender's address with its @, <>";
        for (const Row& row :
             {Row{"an address cut short",
                  "10.0.0",
                  "\"10.0.0\" is not an address or network such as 192.0.2.1, 192.0.2.0/24 or "
                  "2001:db8::/32"},
              Row{"a prefix too long",
                  "10.0.0.0/99",
                  "\"10.0.0.0/99\" has no prefix length from 0 to 32 behind the /"},
              Row{"an unknown listener",
                  "listener:mian",
                  "\"listener:mian\" is no listener: there is no section [listener:mian] (did you "
                  "mean \"main\"?)"},
              Row{"brackets", "<a@b>", "\"<a@b>\" is no address here; write it without < and >"},
              Row{"a bad sender",
                  "a@",
                  "\"a@\" has no domain behind the @; write @* for every domain"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why,
                                         std::string("x:12: [route:r] from ") + row.expected,
                                         make({route("r", {}, {row.item})}).problems);
        CPPUNIT_ASSERT_EQUAL("x:12: [route:r] from \"uinx\"" + none + " (did you mean \"unix\"?)",
                             make({route("r", {}, {"uinx"})}).problems);
        CPPUNIT_ASSERT_EQUAL("x:12: [route:r] from \"example.com\"" + none,
                             make({route("r", {}, {"!example.com"})}).problems);
    }

    void mistakesInRejectHaveASentence()
    {
        CPPUNIT_ASSERT_EQUAL(
            std::string("x:13: [route:r] reject must begin with a reply code from 400 to 559, as "
                        "in 550 5.7.1 Relaying denied"),
            make({route("r", {}, {}, "Relaying denied")}).problems);
    }

    void mistakesInFilesHaveTheirLine()
    {
        write(_folder.path("list"), "a@b\n# comment\nexample.com\nfile:other\n!\n");
        CPPUNIT_ASSERT_EQUAL(
            std::string("list:4: [route:r] to \"file:other\" stands in a file; only the "
                        "configuration may name files\n"
                        "list:5: [route:r] to has a \"!\" with nothing behind it\n"
                        "list:3: [route:r] to \"example.com\" is no address; write *@example.com "
                        "for the whole domain"),
            make({route("r", {"file:list"})}, _folder.path()).problems);
    }

    void filesThatCannotBeReadAreProblemsOfTheKey()
    {
        const auto problemOf = [this](const std::string& name)
        { return make({route("r", {"file:" + name})}, _folder.path()).problems; };
        const std::string head = "x:11: [route:r] to cannot read " + _folder.path();
        CPPUNIT_ASSERT_EQUAL(head + "/none: No such file or directory", problemOf("none"));
        CPPUNIT_ASSERT_EQUAL(0, ::mkdir(_folder.path("folder").c_str(), 0700));
        CPPUNIT_ASSERT_EQUAL(head + "/folder: it is a folder", problemOf("folder"));
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo(_folder.path("fifo").c_str(), 0600));
        CPPUNIT_ASSERT_EQUAL(head + "/fifo: it is no plain file", problemOf("fifo"));
        write(_folder.path("large"), "");
        std::filesystem::resize_file(_folder.path("large"), (64u << 20) + 1);
        CPPUNIT_ASSERT_EQUAL(head + "/large: it is larger than 64 MiB", problemOf("large"));
    }

    void aFileOfAnotherKindIsNotListedLineByLine()
    {
        std::string text;
        for (int i = 0; i < 1000; ++i)
            text += "no address\n";
        write(_folder.path("list"), text);
        const auto problems = make({route("r", {"file:list"})}, _folder.path()).problems;
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{20},
                             std::count(problems.begin(), problems.end(), '\n'));
        const std::string last = "list:21: [route:r] to has more mistakes from here on";
        CPPUNIT_ASSERT_EQUAL(last, problems.substr(problems.size() - last.size()));
    }

    void unreachableRoutesAreWarnings()
    {
        struct Row
        {
            const char* why;
            Items to;
            Items from;
            bool isWarned;
        };

        for (const Row& row : {Row{"no lists", {}, {}, true},
                               Row{"stars", {"*"}, {"*"}, true},
                               Row{"another star", {"*@*"}, {}, true},
                               Row{"a domain", {"*@d"}, {}, false},
                               Row{"an exception", {"*", "!a@b"}, {}, false},
                               Row{"an exception alone", {"!a@b"}, {}, false},
                               Row{"a source", {"*"}, {"unix"}, false},
                               Row{"a source's exception", {"*"}, {"!unix"}, false},
                               Row{"all senders are not all mail", {"*"}, {"*@*"}, false}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why,
                std::string(row.isWarned ? "x:10: [route:b] is never reached: [route:a] (x:10) in "
                                           "front of it takes every mail"
                                         : ""),
                make({route("a", row.to, row.from), route("b", {"c@d"})}).warnings);
    }

    void authMatchesNobodyAndSaysSo()
    {
        CPPUNIT_ASSERT_EQUAL(
            std::string("x:12: [route:r] from auth matches no session: this version does not "
                        "authenticate"),
            make({route("r", {}, {"auth"})}).warnings);
    }

    void listenersAreCheckedOnlyWhereTheyAreKnown()
    {
        std::vector<Problem> problems;
        const Routes routes({route("r", {}, {"listener:any"})}, "/", problems);
        CPPUNIT_ASSERT_EQUAL(std::string(), shown(problems));
        CPPUNIT_ASSERT_EQUAL(std::string("r"), found(routes, "a@b", {"::1", "any"}));
    }

private:
    Items inFile(const Items& items, std::size_t number) const
    {
        std::string text;
        for (const std::string& each : items)
            text += each + "\n";
        write(_folder.path(std::to_string(number)), text);
        return {"file:" + std::to_string(number)};
    }

    TempFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RoutesTest);
