// What is answered to which request, and in which form: tables.
#include "http/Pages.h"
#include "http/Accept.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <string_view>

using namespace mpsmtp::http;
using mpsmtp::metrics::Format;

class PagesTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PagesTest);
    CPPUNIT_TEST(theFormIsTheOneThatIsAskedFor);
    CPPUNIT_TEST(eachPathHasItsPage);
    CPPUNIT_TEST(aProbeThatFailsSaysWhy);
    CPPUNIT_TEST_SUITE_END();

public:
    void theFormIsTheOneThatIsAskedFor()
    {
        struct Row
        {
            const char* why;
            std::string_view accept;
            Format format;
        };

        const Row rows[] = {
            {"a browser, curl", "*/*", Format::Text},
            {"nothing", "", Format::Text},
            {"Prometheus 2.42",
             "application/openmetrics-text;version=1.0.0,application/"
             "openmetrics-text;version=0.0.1;"
             "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
             Format::OpenMetrics},
            {"Prometheus with another order",
             "text/plain;version=0.0.4;q=0.5, application/openmetrics-text; version=1.0.0 ; q=0.6",
             Format::OpenMetrics},
            {"plain text is liked more",
             "application/openmetrics-text;q=0.3,text/plain;q=0.4",
             Format::Text},
            {"as gladly", "application/openmetrics-text,text/plain", Format::OpenMetrics},
            {"a draft that we do not speak",
             "application/openmetrics-text;version=0.0.1",
             Format::Text},
            {"no version is any", "APPLICATION/OpenMetrics-Text", Format::OpenMetrics},
            {"quotes are allowed",
             "application/openmetrics-text;version=\"1.0.0\"",
             Format::OpenMetrics},
            {"refused", "application/openmetrics-text;q=0", Format::Text},
            {"refused, to the last digit", "application/openmetrics-text;q=0.000", Format::Text},
            {"no number", "application/openmetrics-text;q=yes", Format::Text},
            {"no number either", "application/openmetrics-text;q=1x", Format::Text},
            {"another type that begins so", "application/openmetrics-text2", Format::Text},
            {"only commas", ",,;;,=,", Format::Text}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_MESSAGE(row.why, formatFor(row.accept) == row.format);
    }

    void eachPathHasItsPage()
    {
        struct Row
        {
            const char* why;
            std::string_view method;
            std::string_view target;
            unsigned status;
            std::string_view body;
        };

        const Row rows[] = {
            {"scraped", "GET", "/metrics", 200, "figures"},
            {"with a query", "GET", "/metrics?x=/livez", 200, "figures"},
            {"alive", "GET", "/livez", 200, "ok\n"},
            {"ready", "HEAD", "/readyz", 200, "ok\n"},
            {"no such page", "GET", "/", 404, "There are /metrics, /livez and /readyz.\n"},
            {"paths are not folders",
             "GET",
             "/metrics/",
             404,
             "There are /metrics, /livez and /readyz.\n"},
            {"nor case-insensitive",
             "GET",
             "/Metrics",
             404,
             "There are /metrics, /livez and /readyz.\n"},
            {"nor decoded", "GET", "/%6detrics", 404, "There are /metrics, /livez and /readyz.\n"},
            {"a proxy's form",
             "GET",
             "http://x/metrics",
             404,
             "There are /metrics, /livez and /readyz.\n"},
            {"no such page, whatever the method",
             "POST",
             "/x",
             404,
             "There are /metrics, /livez and /readyz.\n"},
            {"nothing can be changed", "POST", "/metrics", 405, "Only GET and HEAD.\n"},
            {"methods are case-sensitive", "get", "/livez", 405, "Only GET and HEAD.\n"},
            {"no target at all", "GET", "", 404, "There are /metrics, /livez and /readyz.\n"}};
        const Sources sources{[](Format) { return std::string("figures"); },
                              [] { return Reasons(); },
                              [] { return Reasons(); }};
        for (const Row& row : rows)
        {
            const Response response = answer({row.method, row.target, ""}, sources);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.status, response.status);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(row.body), response.body);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, std::string(row.status == 405 ? "GET, HEAD" : ""), response.allow);
        }
    }

    void aProbeThatFailsSaysWhy()
    {
        const Sources sources{[](Format) { return std::string(); },
                              [] { return Reasons{"dead"}; },
                              [] {
                                  return Reasons{"one", "two"};
                              }};
        const Response live = answer({"GET", "/livez", ""}, sources);
        CPPUNIT_ASSERT_EQUAL(503u, live.status);
        CPPUNIT_ASSERT_EQUAL(std::string("dead\n"), live.body);
        CPPUNIT_ASSERT_EQUAL(std::string("one\ntwo\n"),
                             answer({"GET", "/readyz", ""}, sources).body);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PagesTest);
