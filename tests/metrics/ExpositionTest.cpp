// The two text forms, as octets. That whole pages are what scrapers take is tests/system/test_metrics.py's.
#include "metrics/Exposition.h"
#include "metrics/Report.h"

#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>

using namespace mpsmtp::metrics;

class ExpositionTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ExpositionTest);
    CPPUNIT_TEST(aCounterIsNamedAfterItsSamplesInTheOlderFormat);
    CPPUNIT_TEST(openMetricsNamesTheFamilyAndItsUnitAndEnds);
    CPPUNIT_TEST(whatBuildsAPageIsAGaugeWhereThereIsNoInfo);
    CPPUNIT_TEST(valuesOfLabelsAreEscaped);
    CPPUNIT_TEST(boundsAreWrittenAsGoAndPythonDo);
    CPPUNIT_TEST(aHistogramIsCumulative);
    CPPUNIT_TEST(aHandlersImpossibleAnswersAreNotShown);
    CPPUNIT_TEST_SUITE_END();

    template <class Fill>
    static std::string page(Format format, Fill&& fill)
    {
        Exposition to(format);
        fill(to);
        return to.finish();
    }

    static void fillCounter(Exposition& to)
    {
        to.family(Kind::Counter, "x_bytes", "bytes", "All of it.");
        to.sample({{"a", "1"}, {"b", "2"}}, std::uint64_t{7});
    }

public:
    void aCounterIsNamedAfterItsSamplesInTheOlderFormat()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("# HELP x_bytes_total All of it.\n"
                                         "# TYPE x_bytes_total counter\n"
                                         "x_bytes_total{a=\"1\",b=\"2\"} 7\n"),
                             page(Format::Text, fillCounter));
    }

    void openMetricsNamesTheFamilyAndItsUnitAndEnds()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("# HELP x_bytes All of it.\n"
                                         "# TYPE x_bytes counter\n"
                                         "# UNIT x_bytes bytes\n"
                                         "x_bytes_total{a=\"1\",b=\"2\"} 7\n"
                                         "# EOF\n"),
                             page(Format::OpenMetrics, fillCounter));
    }

    void whatBuildsAPageIsAGaugeWhereThereIsNoInfo()
    {
        const auto fill = [](Exposition& to) { report(Build{"1.0", "cc", "1.11"}, to); };
        const std::string old = page(Format::Text, fill);
        CPPUNIT_ASSERT_MESSAGE(old, old.find("# TYPE mpsmtp_build_info gauge\n") != old.npos);
        const std::string open = page(Format::OpenMetrics, fill);
        CPPUNIT_ASSERT_MESSAGE(open, open.find("# TYPE mpsmtp_build info\n") != open.npos);
        CPPUNIT_ASSERT_MESSAGE(open, open.find("\nmpsmtp_build_info{version=\"1.0\"") != open.npos);
    }

    void valuesOfLabelsAreEscaped()
    {
        const std::string text = page(Format::Text,
                                      [](Exposition& to)
                                      {
                                          to.family(Kind::Gauge, "x", "", "A \\ and\na \"line\".");
                                          to.sample({{"a", "\"\\\n{},="}}, std::uint64_t{1});
                                      });
        CPPUNIT_ASSERT_EQUAL(std::string("# HELP x A \\\\ and\\na \"line\".\n"
                                         "# TYPE x gauge\n"
                                         "x{a=\"\\\"\\\\\\n{},=\"} 1\n"),
                             text);
    }

    void boundsAreWrittenAsGoAndPythonDo()
    {
        struct Row
        {
            double value;
            const char* text;
        };

        const Row rows[] = {{0.00001, "1e-05"},
                            {0.0001, "0.0001"},
                            {0.00025, "0.00025"},
                            {0.5, "0.5"},
                            {1, "1.0"},
                            {67108864, "67108864.0"},
                            {0, "0.0"},
                            {-1, "+Inf"}};
        for (const Row& row : rows)
        {
            const std::string text = page(Format::Text,
                                          [&](Exposition& to)
                                          {
                                              to.family(Kind::Histogram, "x", "", "y");
                                              to.bucket({}, row.value, 3);
                                          });
            const std::string line = std::string("x_bucket{le=\"") + row.text + "\"} 3\n";
            CPPUNIT_ASSERT_MESSAGE(text, text.find(line) != text.npos);
        }
    }

    void aHistogramIsCumulative()
    {
        const auto metrics = std::make_unique<Metrics>();
        {
            const Turn turn(metrics->slots);
            metrics->messageSizes.observe(turn, std::uint64_t{1000});
            metrics->messageSizes.observe(turn, std::uint64_t{5000});
            metrics->messageSizes.observe(turn, std::uint64_t{1} << 40);
        }
        const std::string text = page(Format::Text, [&](Exposition& to) { report(*metrics, to); });
        for (const char* const line : {"mpsmtp_message_size_bytes_bucket{le=\"1024.0\"} 1\n",
                                       "mpsmtp_message_size_bytes_bucket{le=\"4096.0\"} 1\n",
                                       "mpsmtp_message_size_bytes_bucket{le=\"16384.0\"} 2\n",
                                       "mpsmtp_message_size_bytes_bucket{le=\"+Inf\"} 3\n",
                                       "mpsmtp_message_size_bytes_count 3\n",
                                       "mpsmtp_message_size_bytes_sum 1099511633776.0\n"})
            CPPUNIT_ASSERT_MESSAGE(line + text, text.find(line) != text.npos);
    }

    void aHandlersImpossibleAnswersAreNotShown()
    {
        const auto metrics = std::make_unique<Metrics>();
        metrics->handler("h").hooks.store(1u << deliverHook | 1u << messageHook);
        const std::string text = page(Format::Text, [&](Exposition& to) { report(*metrics, to); });
        const auto has = [&](const std::string& labels)
        { return text.find("mpsmtp_handler_calls_total{handler=\"h\"," + labels) != text.npos; };
        CPPUNIT_ASSERT(has("hook=\"deliver\",outcome=\"aborted\""));
        CPPUNIT_ASSERT(!has("hook=\"deliver\",outcome=\"discarded\""));
        CPPUNIT_ASSERT(has("hook=\"message\",outcome=\"discarded\""));
        CPPUNIT_ASSERT(!has("hook=\"message\",outcome=\"aborted\""));
        CPPUNIT_ASSERT(!has("hook=\"rcpt\""));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ExpositionTest);
