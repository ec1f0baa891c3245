// When the server is alive and ready: by state and by what the spool's folder says.
#include "app/Health.h"

#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <future>
#include <string>

#include <cstdlib>

using namespace mpsmtp::app;

class HealthTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(HealthTest);
    CPPUNIT_TEST(itIsAliveButNotReadyBeforeItServes);
    CPPUNIT_TEST(itIsReadyWhileItServes);
    CPPUNIT_TEST(itIsAliveButNotReadyWhileItStops);
    CPPUNIT_TEST(aSpoolThatIsNotThereIsTold);
    CPPUNIT_TEST(aSpoolWithoutRoomIsTold);
    CPPUNIT_TEST(anotherConfigurationIsLookedAtAtOnce);
    CPPUNIT_TEST(aFolderThatDoesNotAnswerIsForgottenWithItsConfiguration);
    CPPUNIT_TEST_SUITE_END();

    std::string _folder;
    Health _health;

public:
    void setUp() override
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "mpsmtp-XXXXXX").string();
        CPPUNIT_ASSERT(::mkdtemp(pattern.data()) != nullptr);
        _folder = pattern;
    }

    void tearDown() override { std::filesystem::remove_all(_folder); }

    void itIsAliveButNotReadyBeforeItServes()
    {
        CPPUNIT_ASSERT(_health.live().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("the server is starting"), _health.ready().at(0));
    }

    void itIsReadyWhileItServes()
    {
        _health.serving(_folder, 1);
        CPPUNIT_ASSERT(_health.live().empty());
        CPPUNIT_ASSERT(_health.ready().empty());
        CPPUNIT_ASSERT_MESSAGE("nothing is left behind", std::filesystem::is_empty(_folder));
    }

    void itIsAliveButNotReadyWhileItStops()
    {
        _health.serving(_folder, 1);
        _health.stopping();
        CPPUNIT_ASSERT(_health.live().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("the server is stopping"), _health.ready().at(0));
    }

    void aSpoolThatIsNotThereIsTold()
    {
        _health.serving(_folder + "/nowhere", 1);
        const std::string reason = _health.ready().at(0);
        CPPUNIT_ASSERT_MESSAGE(reason, reason.find(_folder + "/nowhere: No such") != reason.npos);
        CPPUNIT_ASSERT_MESSAGE("a restart would not mend it", _health.live().empty());
    }

    void aSpoolWithoutRoomIsTold()
    {
        _health.serving(_folder, ~std::uint64_t{0});
        const std::string reason = _health.ready().at(0);
        CPPUNIT_ASSERT_MESSAGE(reason, reason.find("too little room") != reason.npos);
    }

    void anotherConfigurationIsLookedAtAtOnce()
    {
        _health.serving(_folder + "/nowhere", 1);
        CPPUNIT_ASSERT(!_health.ready().empty());
        _health.serving(_folder, 1);
        CPPUNIT_ASSERT(_health.ready().empty());
    }

    /// A spool on a file server that is gone, and the reload that names another one.
    void aFolderThatDoesNotAnswerIsForgottenWithItsConfiguration()
    {
        std::promise<void> asked;
        std::promise<void> answered;
        Health health(
            [&](const std::string& directory, std::uint64_t) -> std::string
            {
                if (directory != "gone")
                    return "";
                asked.set_value();
                answered.get_future().wait();
                return "gone, after all";
            });
        health.serving("gone", 1);
        auto first = std::async(std::launch::async, [&] { return health.ready(); });
        asked.get_future().wait();
        health.serving("new", 1);
        const auto meanwhile = health.ready();
        answered.set_value();
        CPPUNIT_ASSERT_EQUAL(std::string("gone, after all"), first.get().at(0));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, meanwhile.size());
        CPPUNIT_ASSERT_MESSAGE("nor does the late answer count", health.ready().empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HealthTest);
