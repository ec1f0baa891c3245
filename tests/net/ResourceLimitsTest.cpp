// Warnings about limits of the kernel.
#include "net/ResourceLimits.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include <sys/resource.h>

using namespace mpsmtp::net;

class ResourceLimitsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ResourceLimitsTest);
    CPPUNIT_TEST(aSmallServerFitsAnywhere);
    CPPUNIT_TEST(aTightLimitIsNamedWithItsValue);
    CPPUNIT_TEST(theSoftLimitOfFilesIsRaised);
    CPPUNIT_TEST_SUITE_END();

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
