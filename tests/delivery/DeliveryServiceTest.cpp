// Tests of delivery/DeliveryService: what loading and starting find wrong.
#include "delivery/ServiceFixture.h"

#include <cppunit/extensions/HelperMacros.h>

#include <optional>

#include <sys/stat.h>
#include <unistd.h>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;

class DeliveryServiceTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DeliveryServiceTest);
    CPPUNIT_TEST(handlersAreMadeStartedAndStopped);
    CPPUNIT_TEST(allMistakesComeInTheOrderOfTheFile);
    CPPUNIT_TEST(noDeliveringHandlerIsAMistake);
    CPPUNIT_TEST(filterChainIsChecked);
    CPPUNIT_TEST(handlerThatIsNeverCalledIsAMistake);
    CPPUNIT_TEST(handlerThatCannotBeMadeSaysWhy);
    CPPUNIT_TEST(handlerThatCannotStartSaysWhy);
    CPPUNIT_TEST(handlerWithoutItsFunctionsIsRefused);
    CPPUNIT_TEST(loadingWritesNothing);
    CPPUNIT_TEST(spoolDirectoryIsMadePrivate);
    CPPUNIT_TEST(spoolDirectoryThatCannotBeIsAMistake);
    CPPUNIT_TEST(foreignPluginLoadsBesideOurs);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { _fixture.emplace(); }

    void tearDown() override { _fixture.reset(); }

    void handlersAreMadeStartedAndStopped()
    {
        _fixture->add("two", "a");
        _fixture->add("two", "b");
        CPPUNIT_ASSERT(_fixture->load().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("a construct, b construct"), _fixture->calls());
        CPPUNIT_ASSERT(_fixture->service->start().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("a start, b start"), _fixture->calls());
        _fixture->service->stop();
        _fixture->service->stop();
        CPPUNIT_ASSERT_EQUAL(std::string("b stop, a stop"), _fixture->calls());
    }

    void allMistakesComeInTheOrderOfTheFile()
    {
        _fixture->add("two", "a", {{"fial", "x"}});
        _fixture->add("tow", "b");
        _fixture->add("two", "c", {{"code", "many"}});
        _fixture->add("two", "a");
        _fixture->config.filterChain = {"aa"};
        _fixture->config.filterChainOrigin = {"test.ini", 2};
        expect({"2: [filters] chain: there is no section [handler:aa] (did you mean \"a\"?)",
                "3: [handler:a] unknown key \"fial\" (did you mean \"fail\"?)",
                "4: [handler:b] unknown type \"tow\" (did you mean \"two\"?): there is no " +
                    _fixture->config.pluginDirectory + "/tow.so",
                "8: [handler:c] bad value \"many\" for \"code\": write a whole number such as 0, "
                "25 or -1",
                "9: [handler:a] there are two sections of this name"});
        CPPUNIT_ASSERT(!_fixture->service);
    }

    void noDeliveringHandlerIsAMistake()
    {
        const std::string nobody = "0: no handler delivers mail: add a [handler:NAME] section with "
                                   "a type such as maildir, mh, mbox or "
                                   "console, without required = no";
        expect({nobody});
        _fixture->add("two", "a").required = false;
        expect({nobody});
        _fixture->add("filter", "f");
        _fixture->add("watcher", "w");
        expect({nobody});
    }

    void filterChainIsChecked()
    {
        _fixture->add("two", "tree");
        _fixture->add("filter", "f");
        _fixture->config.filterChain = {"f", "tree", "f", "tere"};
        expect({"0: [filters] chain: \"tree\" cannot filter: its plugin has no hook that judges, "
                "such as onRcpt or onMessage",
                "0: [filters] chain: \"f\" stands in it twice",
                "0: [filters] chain: there is no section [handler:tere] (did you mean \"tree\"?)"});
    }

    void handlerThatIsNeverCalledIsAMistake()
    {
        _fixture->add("two", "tree");
        _fixture->add("filter", "f");
        _fixture->config.filterChain.clear();
        expect({"3: [handler:f] has no delivery hook and is in no filter chain: it would never be "
                "called"});
    }

    void handlerThatCannotBeMadeSaysWhy()
    {
        struct Row
        {
            const char* how;
            std::string expected;
        };

        for (const Row& row : {Row{"std", "thrown\\x0Ain construct"},
                               Row{"int", "an exception that is no std::exception"},
                               Row{"error", "because"}})
        {
            _fixture.emplace();
            _fixture->add(
                "two", "a", {{"fail", "construct"}, {"how", row.how}, {"text", "because"}});
            expect({"1: [handler:a] cannot be made: " + row.expected});
        }
    }

    void handlerThatCannotStartSaysWhy()
    {
        _fixture->add("two", "a");
        _fixture->add("two", "b", {{"fail", "start"}});
        _fixture->add("two", "c");
        CPPUNIT_ASSERT(_fixture->load().empty());
        (void)_fixture->calls();
        const auto problems = ServiceFixture::shown(_fixture->service->start());
        CPPUNIT_ASSERT(problems == std::vector<std::string>{
                                       "3: [handler:b] cannot start: thrown\\x0Ain start"});
        CPPUNIT_ASSERT_EQUAL(std::string("a start, b start, c start, c stop, a stop"),
                             _fixture->calls());
    }

    void handlerWithoutItsFunctionsIsRefused()
    {
        HandlerConfig& section = _fixture->add("halfhandler", "a");
        section.settings.clear();
        expect({"1: [handler:a] the plugin made a malformed handler; build it again with the SDK"});
    }

    void loadingWritesNothing()
    {
        _fixture->add("two", "a").settings.clear();
        CPPUNIT_ASSERT(_fixture->load().empty());
        CPPUNIT_ASSERT(_fixture->folder.isEmpty());
    }

    void spoolDirectoryIsMadePrivate()
    {
        _fixture->add("two", "a");
        _fixture->config.spoolDirectory = _fixture->folder.path("var/spool/mpsmtp");
        CPPUNIT_ASSERT(_fixture->run());

        struct stat status
        {
        };

        CPPUNIT_ASSERT_EQUAL(0, ::stat(_fixture->config.spoolDirectory.c_str(), &status));
        CPPUNIT_ASSERT_EQUAL(mode_t{0700}, status.st_mode & mode_t{0777});
        CPPUNIT_ASSERT(std::filesystem::is_empty(_fixture->config.spoolDirectory));
    }

    void spoolDirectoryThatCannotBeIsAMistake()
    {
        _fixture->add("two", "a");
        writeFile(_fixture->folder.path("file"), "");
        _fixture->config.spoolDirectory = _fixture->folder.path("file");
        CPPUNIT_ASSERT(_fixture->load().empty());
        const auto problems = ServiceFixture::shown(_fixture->service->start());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, problems.size());
        CPPUNIT_ASSERT_EQUAL(
            "0: [spool] directory: cannot write to " + _fixture->config.spoolDirectory +
                ": Not a directory; make it writable for the user that the server runs as, "
                "or choose another",
            problems[0]);
        CPPUNIT_ASSERT_EQUAL(std::string("a construct, a start, a stop"), _fixture->calls());
    }

    /// Another compiler and another C++ standard, on both sides of the border in one process.
    void foreignPluginLoadsBesideOurs()
    {
        const std::string foreign = _fixture->config.pluginDirectory + "/foreign.so";
        if (!std::filesystem::exists(foreign))
            return; // there is no other compiler here
        _fixture->add("two", "ours");
        _fixture->add("foreign", "theirs");
        CPPUNIT_ASSERT(_fixture->run());
        (void)_fixture->calls();
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.0.0 Ok: ID"), _fixture->send());
        CPPUNIT_ASSERT_EQUAL(
            std::string("ours stage, theirs stage, ours persist, theirs persist, ours commit, "
                        "theirs commit"),
            _fixture->calls());
        _fixture.emplace();
        _fixture->add("foreign", "theirs", {{"fail", "stage"}, {"how", "int"}});
        CPPUNIT_ASSERT(_fixture->run());
        CPPUNIT_ASSERT_EQUAL(std::string("451 4.3.0 Local error in processing, try again later"),
                             _fixture->send());
    }

private:
    void expect(const std::vector<std::string>& expected)
    {
        const auto problems = _fixture->load();
        for (std::size_t i = 0; i < std::min(expected.size(), problems.size()); ++i)
            CPPUNIT_ASSERT_EQUAL(expected[i], problems[i]);
        CPPUNIT_ASSERT_EQUAL(expected.size(), problems.size());
    }

    std::optional<ServiceFixture> _fixture;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DeliveryServiceTest);
