// Warnings about limits of the kernel.
#include "net/ResourceLimits.h"

#include "net/TestServer.h"

#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include <sys/resource.h>

using namespace mpsmtp::net;

class ResourceLimitsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ResourceLimitsTest);
    CPPUNIT_TEST(aSmallServerFitsAnywhere);
    CPPUNIT_TEST(aTightLimitIsNamedWithItsValue);
    CPPUNIT_TEST(theTightestControlGroupCounts);
    CPPUNIT_TEST(theSoftLimitOfFilesIsRaised);
    CPPUNIT_TEST_SUITE_END();

    static void write(const std::filesystem::path& group, const char* limit)
    {
        std::filesystem::create_directories(group);
        std::ofstream(group / "pids.max") << limit;
    }

    void aSmallServerFitsAnywhere()
    {
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), tightLimits(10, 10).size());
    }

    void aTightLimitIsNamedWithItsValue()
    {
        bool isThreadLimitNamed = false;
        for (const std::string& warning : tightLimits(10, 100'000'000))
            isThreadLimitNamed |= warning.find("kernel.pid_max is ") != std::string::npos;
        CPPUNIT_ASSERT(isThreadLimitNamed);
    }

    void theTightestControlGroupCounts()
    {
        struct Row
        {
            const char* why;
            const char* group;
            std::size_t limit;
        };

        const test::TemporaryFolder root;
        write(root.path / "slice", "4915\n");
        write(root.path / "slice/own", "max\n");
        write(root.path / "slice/tight", "100\n");
        std::filesystem::create_directories(root.path / "bare");
        constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
        const Row rows[] = {
            {"its own", "/slice/tight", 100},
            {"that of the group above", "/slice/own", 4915},
            {"a group without the controller", "/bare", none},
            {"a group that is not to be seen", "/gone/away", none},
            {"the root group has none", "/", none},
            {"no unified hierarchy", "", none},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.limit, taskLimit(row.group, root.path.string()));
    }

    void theSoftLimitOfFilesIsRaised()
    {
        rlimit before{};
        ::getrlimit(RLIMIT_NOFILE, &before);
        rlimit low = before;
        low.rlim_cur = 100;
        ::setrlimit(RLIMIT_NOFILE, &low);
        const std::size_t tight = tightLimits(100, 1).size();
        raiseDescriptorLimit();
        rlimit after{};
        ::getrlimit(RLIMIT_NOFILE, &after);
        ::setrlimit(RLIMIT_NOFILE, &before);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), tight);
        CPPUNIT_ASSERT_EQUAL(before.rlim_max, after.rlim_cur);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ResourceLimitsTest);
