// The parts of the bare server and of the ways to store: it is simple, but what it stores must be what was sent.
#include "bench/bare/BareSession.h"
#include "bench/bare/GroupCommit.h"
#include "bench/bare/Way.h"
#include "bench/base/ScratchFolder.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <stdexcept>
#include <thread>

using namespace mpsmtp::bench;

class BareServerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(BareServerTest);
    CPPUNIT_TEST(dotsInFrontAreTakenAway);
    CPPUNIT_TEST(recipientsAreTheBoxesThatThereAre);
    CPPUNIT_TEST(anMboxEntryQuotesFrom);
    CPPUNIT_TEST(everyWayStoresWhatItIsGiven);
    CPPUNIT_TEST(aGroupCommitCoversEveryCaller);
    CPPUNIT_TEST(aFailedCommitFailsAndTheNextOneTriesAgain);
    CPPUNIT_TEST_SUITE_END();

public:
    void dotsInFrontAreTakenAway()
    {
        const struct
        {
            const char* input;
            const char* expected;
        } rows[] = {{"", ""},
                    {"a\r\n", "a\r\n"},
                    {"..\r\n", ".\r\n"},
                    {"a\r\n..b\r\n.c\r\n", "a\r\n.b\r\nc\r\n"},
                    {"a.\r\nb..c\r\n", "a.\r\nb..c\r\n"}};

        for (const auto& row : rows)
        {
            std::string content = row.input;
            unstuff(content);
            CPPUNIT_ASSERT_EQUAL(std::string(row.expected), content);
        }
    }

    void recipientsAreTheBoxesThatThereAre()
    {
        CPPUNIT_ASSERT(boxOf("RCPT TO:<box12@example.com>", 16) == std::size_t{12});
        for (const char* const other : {"RCPT TO:<box16@example.com>",
                                        "RCPT TO:<ben@example.com>",
                                        "RCPT TO:<box@example.com>",
                                        "RCPT TO:<box1",
                                        "RCPT TO:<box1x@example.com>"})
            CPPUNIT_ASSERT(!boxOf(other, 16));
        CPPUNIT_ASSERT(boxOf("RCPT TO:<ben@example.com>", 0) ==
                       std::size_t{0}); // who keeps nothing takes all
    }

    void anMboxEntryQuotesFrom()
    {
        const std::string separator = "From load@example.com Thu Jan  1 00:00:00 2026\n";
        CPPUNIT_ASSERT_EQUAL(separator + "a\r\n\n", mboxEntry("a\r\n"));
        CPPUNIT_ASSERT_EQUAL(separator + ">From x\r\n>>From y\r\na From z\r\n\n",
                             mboxEntry("From x\r\n>From y\r\na From z\r\n"));
        CPPUNIT_ASSERT_EQUAL(separator + "a\r\n>From \n", mboxEntry("a\r\nFrom "));
    }

    void everyWayStoresWhatItIsGiven()
    {
        for (const std::string& name : wayNames())
        {
            const ScratchFolder folder("/tmp", true);
            StorePlan plan;
            plan.way = name;
            plan.folder = folder.path();
            plan.boxes = 3;
            plan.octets = 1000;
            plan.journalOctets = 6 * 2048; // full again and again
            const auto way = makeWay(plan);
            for (std::uint64_t id = 0; id < 40; ++id)
                way->put(id % 3, id, std::string(1000, 'x'));
            way->finish();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::uint64_t{40}, way->stored());
        }
    }

    void aGroupCommitCoversEveryCaller()
    {
        std::atomic<int> written{0};
        std::atomic<int> durable{0};
        GroupCommit commit([&] { durable = written.load(); });
        std::atomic<int> failures{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back(
                [&]
                {
                    for (int i = 0; i < 500; ++i)
                    {
                        const int mine = ++written;
                        commit.sync();
                        failures += durable < mine ? 1 : 0;
                    }
                });
        for (std::thread& thread : threads)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(0, failures.load());
        CPPUNIT_ASSERT(commit.calls() <= 2000);
    }

    void aFailedCommitFailsAndTheNextOneTriesAgain()
    {
        bool isBroken = true;
        GroupCommit commit(
            [&]
            {
                if (isBroken)
                    throw std::runtime_error("no disk");
            });
        CPPUNIT_ASSERT_THROW(commit.sync(), std::runtime_error);
        isBroken = false;
        commit.sync();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, commit.calls());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BareServerTest);
