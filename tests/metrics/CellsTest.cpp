// Counting: nothing is lost, whoever counts at the same time and is looked at meanwhile, and it costs no allocation.
#include "AllocationCounter.h"
#include "metrics/Metrics.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

using namespace mpsmtp::metrics;

class CellsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(CellsTest);
    CPPUNIT_TEST(fiftyThreadsLoseNothingWhileOneReads);
    CPPUNIT_TEST(whoFindsNoCopyFreeSharesOne);
    CPPUNIT_TEST(aCopyIsFreeAgainBehindATurn);
    CPPUNIT_TEST(aBoundBelongsToItsBucket);
    CPPUNIT_TEST(aTimeBelowZeroIsZero);
    CPPUNIT_TEST(whatHasEndedTwiceIsNotBelowZero);
    CPPUNIT_TEST(everyReplyHasItsPlace);
    CPPUNIT_TEST(aSectionKeepsItsCounters);
    CPPUNIT_TEST(countingAllocatesNothing);
    CPPUNIT_TEST_SUITE_END();

    static constexpr std::size_t threads = 50;
    static constexpr std::uint64_t rounds = 2000;

    const std::unique_ptr<Metrics> _metrics = std::make_unique<Metrics>();

    void countOne()
    {
        const Turn turn(_metrics->slots);
        _metrics->transactions.add(turn, replyIndex(250));
        _metrics->octets.add(turn, Metrics::Octets::Received, 3);
        _metrics->transactionTime.observe(turn, std::uint64_t{20'000});
    }

public:
    void fiftyThreadsLoseNothingWhileOneReads()
    {
        std::atomic<bool> isOver{false};
        std::atomic<bool> hasShrunk{false};
        std::thread reader(
            [&]
            {
                std::uint64_t last = 0;
                while (!isOver.load())
                {
                    const std::uint64_t now = _metrics->transactions.sum(0u);
                    if (now < last)
                        hasShrunk.store(true);
                    last = now;
                }
            });
        std::vector<std::thread> writers;
        for (std::size_t i = 0; i < threads; ++i)
            writers.emplace_back(
                [&]
                {
                    for (std::uint64_t round = 0; round < rounds; ++round)
                        countOne();
                });
        for (std::thread& writer : writers)
            writer.join();
        isOver.store(true);
        reader.join();
        CPPUNIT_ASSERT(!hasShrunk.load());
        CPPUNIT_ASSERT_EQUAL(threads * rounds, _metrics->transactions.sum(replyIndex(250)));
        CPPUNIT_ASSERT_EQUAL(3 * threads * rounds, _metrics->octets.sum(Metrics::Octets::Received));
        CPPUNIT_ASSERT_EQUAL(threads * rounds, _metrics->transactionTime.count(1));
        CPPUNIT_ASSERT_EQUAL(20'000 * threads * rounds, _metrics->transactionTime.sum());
    }

    void whoFindsNoCopyFreeSharesOne()
    {
        std::vector<std::unique_ptr<Turn>> turns;
        for (std::size_t i = 0; i < 2 * Slots::count; ++i)
            turns.push_back(std::make_unique<Turn>(_metrics->slots));
        CPPUNIT_ASSERT(turns.front()->isExclusive());
        CPPUNIT_ASSERT(!turns.back()->isExclusive());
        for (const auto& turn : turns)
            _metrics->octets.add(*turn, 0u);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2 * Slots::count}, _metrics->octets.sum(0u));
    }

    void aCopyIsFreeAgainBehindATurn()
    {
        for (std::size_t i = 0; i < 10 * Slots::count; ++i)
            CPPUNIT_ASSERT(Turn(_metrics->slots).isExclusive());
    }

    void aBoundBelongsToItsBucket()
    {
        struct Row
        {
            const char* why;
            std::uint64_t value;
            std::size_t bucket;
        };

        const Row rows[] = {{"nothing is in the first", 0, 0},
                            {"a bound is the last of its bucket (le: less or equal)", 10'000, 0},
                            {"one more is in the next", 10'001, 1},
                            {"the last bound", 60'000'000'000, 16},
                            {"all above it", 60'000'000'001, 17},
                            {"the largest", ~std::uint64_t{0}, 17}};
        for (const Row& row : rows)
        {
            TimeHistogram histogram;
            histogram.observe(Turn(_metrics->slots), row.value);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::uint64_t{1}, histogram.count(row.bucket));
        }
    }

    void aTimeBelowZeroIsZero()
    {
        TimeHistogram histogram;
        histogram.observe(Turn(_metrics->slots), std::chrono::nanoseconds(-5));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, histogram.count(0));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, histogram.sum());
    }

    void whatHasEndedTwiceIsNotBelowZero()
    {
        const Turn turn(_metrics->slots);
        _metrics->open.add(turn, Metrics::Transaction::Ended);
        CPPUNIT_ASSERT_EQUAL(
            std::uint64_t{0},
            _metrics->open.difference(Metrics::Transaction::Begun, Metrics::Transaction::Ended));
    }

    void everyReplyHasItsPlace()
    {
        struct Row
        {
            const char* why;
            unsigned code;
            std::string_view name;
        };

        const Row rows[] = {{"of a filter that discards, say", 251, "2xx"},
                            {"of a handler's own making", 499, "4xx"},
                            {"of a handler's own making", 599, "5xx"},
                            {"the client has gone", 0, "none"},
                            {"what no handler may answer", 354, "none"},
                            {"nor this", 999, "none"}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.name, otherReplies.at(replyIndex(row.code) - replyCodes.size()));
        for (std::size_t i = 0; i < replyCodes.size(); ++i)
            CPPUNIT_ASSERT_EQUAL(i, replyIndex(replyCodes[i]));
    }

    void aSectionKeepsItsCounters()
    {
        Handler& first = _metrics->handler("tree");
        CPPUNIT_ASSERT(&first != &_metrics->handler("screen"));
        CPPUNIT_ASSERT_EQUAL(&first, &_metrics->handler("tree"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, _metrics->handlers().size());
        CPPUNIT_ASSERT_EQUAL(&_metrics->listener("main"), &_metrics->listener("main"));
    }

    void countingAllocatesNothing()
    {
        const std::size_t before = allocationCount();
        for (int i = 0; i < 100; ++i)
            countOne();
        const std::size_t after = allocationCount();
        CPPUNIT_ASSERT_EQUAL(before, after);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CellsTest);
