// Percentiles within the promised 1 %, and the edges: nothing, one value, very short and very long.
#include "bench/base/Histogram.h"
#include "bench/base/Json.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace mpsmtp::bench;
using std::chrono::nanoseconds;

namespace
{

/// Values as they come from a server: most short, few very long.
std::vector<std::int64_t> skewedValues(std::size_t count)
{
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> distribution(11, 2);
    std::vector<std::int64_t> values(count);
    for (std::int64_t& value : values)
        value = static_cast<std::int64_t>(distribution(random));
    return values;
}

} // namespace

class HistogramTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(HistogramTest);
    CPPUNIT_TEST(percentilesAreThoseOfTheSortedValuesWithinOnePercent);
    CPPUNIT_TEST(anEmptyOneIsAllZeros);
    CPPUNIT_TEST(oneValueIsEveryPercentile);
    CPPUNIT_TEST(shortDurationsAreExact);
    CPPUNIT_TEST(whatIsNegativeCountsAsZeroAndADayAsAnHourButForTheMaximum);
    CPPUNIT_TEST(twoMergedAreAsOneThatSawAll);
    CPPUNIT_TEST(jsonHasMicroseconds);
    CPPUNIT_TEST_SUITE_END();

public:
    void percentilesAreThoseOfTheSortedValuesWithinOnePercent()
    {
        std::vector<std::int64_t> values = skewedValues(20000);
        Histogram histogram;
        for (const std::int64_t value : values)
            histogram.record(nanoseconds(value));
        std::sort(values.begin(), values.end());
        for (const double share : {0.5, 0.9, 0.99, 0.999})
        {
            const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size()));
            const auto exact = static_cast<double>(values[rank - 1]);
            const auto found = static_cast<double>(histogram.percentile(share).count());
            CPPUNIT_ASSERT(found >= exact);
            CPPUNIT_ASSERT(found <= exact * 1.01 + 1);
        }
        CPPUNIT_ASSERT_EQUAL(values.front(), std::int64_t{histogram.min().count()});
        CPPUNIT_ASSERT_EQUAL(values.back(), std::int64_t{histogram.max().count()});
    }

    void anEmptyOneIsAllZeros()
    {
        const Histogram histogram;
        CPPUNIT_ASSERT(histogram.min() == nanoseconds(0));
        CPPUNIT_ASSERT(histogram.max() == nanoseconds(0));
        CPPUNIT_ASSERT(histogram.percentile(0.5) == nanoseconds(0));
    }

    void oneValueIsEveryPercentile()
    {
        Histogram histogram;
        histogram.record(nanoseconds(123456789));
        for (const double share : {0.0, 0.5, 1.0})
            CPPUNIT_ASSERT(histogram.percentile(share) == nanoseconds(123456789));
    }

    void shortDurationsAreExact()
    {
        Histogram histogram;
        for (int i = 1; i <= 100; ++i)
            histogram.record(nanoseconds(i));
        CPPUNIT_ASSERT(histogram.percentile(0.5) == nanoseconds(50));
        CPPUNIT_ASSERT(histogram.percentile(0.99) == nanoseconds(99));
    }

    void whatIsNegativeCountsAsZeroAndADayAsAnHourButForTheMaximum()
    {
        Histogram histogram;
        histogram.record(nanoseconds(-5));
        histogram.record(std::chrono::hours(24));
        CPPUNIT_ASSERT(histogram.min() == nanoseconds(0));
        CPPUNIT_ASSERT(histogram.max() == std::chrono::hours(24));
        CPPUNIT_ASSERT(histogram.percentile(1) >= std::chrono::hours(1));
    }

    void twoMergedAreAsOneThatSawAll()
    {
        Histogram all;
        Histogram odd;
        Histogram even;
        for (int i = 0; i < 1000; ++i)
        {
            all.record(nanoseconds(i * 1000));
            (i % 2 == 0 ? even : odd).record(nanoseconds(i * 1000));
        }
        odd.merge(even);
        CPPUNIT_ASSERT_EQUAL(latencyOf(all).text(), latencyOf(odd).text());
        CPPUNIT_ASSERT_EQUAL(all.count(), odd.count());
    }

    void jsonHasMicroseconds()
    {
        Histogram histogram;
        histogram.record(std::chrono::microseconds(40));
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"p50": 40.000000, "p99": 40.000000})"),
                             shortLatencyOf(histogram).text());
        Json report;
        report.add("says \"so\"", "a\\b\n").add("n", std::uint64_t{3}).add("x", 0.0 / 0.0);
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"says \"so\"": "a\\b ", "n": 3, "x": 0.000000})"),
                             report.text());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HistogramTest);
