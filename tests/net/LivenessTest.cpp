// What a watchdog hears: nothing of a server that is busy, and a sentence about one that does not go on.
#include "net/Liveness.h"
#include "TestServer.h"
#include "net/Pulse.h"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <string>

using namespace mpsmtp::net;
using namespace mpsmtp::net::test;
using std::chrono::milliseconds;

class LivenessTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LivenessTest);
    CPPUNIT_TEST(aPulseBeatsWhileTurnsAreNew);
    CPPUNIT_TEST(aServerWithoutClientsIsAlive);
    CPPUNIT_TEST(aSlowHandlerAloneIsNoStall);
    CPPUNIT_TEST(aServerWhoseEveryPlaceHangsIsNot);
    CPPUNIT_TEST_SUITE_END();

    static constexpr milliseconds _patience{20'000};

    void aPulseBeatsWhileTurnsAreNew()
    {
        const auto at = [](int ms) { return CoarseClock::time_point(milliseconds(ms)); };
        Pulse pulse;

        const struct
        {
            const char* why;
            std::uint64_t turns;
            int now;
            bool expected;
        } rows[] = {
            {"the first look", 0, 1000, true},
            {"not yet too long", 0, 2000, true},
            {"too long", 0, 2001, false},
            {"it goes on", 1, 5000, true},
            {"and stands still again", 1, 6001, false},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.expected, pulse.beats(row.turns, at(row.now), milliseconds(1000)));
    }

    void aServerWithoutClientsIsAlive()
    {
        TestServer server;
        for (int i = 0; i < 3; ++i)
            CPPUNIT_ASSERT_EQUAL(std::string(), server.server.stall(_patience, milliseconds(0)));
    }

    void aSlowHandlerAloneIsNoStall() { hangOneOf(2, ""); }

    void aServerWhoseEveryPlaceHangsIsNot()
    {
        hangOneOf(1, "every connection is inside a handler that does not return");
    }

    static void hangOneOf(std::size_t places, const std::string& expected)
    {
        ServerConfig config = testConfig();
        config.connections = config.threads = places;
        TestServer server(config);
        HangingDelivery hanging(server);
        (void)server.server.stall(_patience, milliseconds(0));
        std::string stall;
        const bool isFound = eventually(
            [&]
            {
                return !(stall = server.server.stall(_patience, milliseconds(20))).empty() ||
                       expected.empty();
            });
        hanging.release();
        CPPUNIT_ASSERT(isFound);
        CPPUNIT_ASSERT_EQUAL(expected, stall);
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.6.0 taken"), hanging.client.reply());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LivenessTest);
