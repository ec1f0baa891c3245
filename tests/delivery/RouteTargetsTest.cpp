// Tests of delivery/RouteTargets: what `deliver` may name.
#include "delivery/RouteTargets.h"

#include "delivery/RouteSupport.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::delivery;
using mpsmtp::delivery::test::shown;

namespace
{

const std::vector<HandlerAbility> handlers{{"tree", true, true, {"x", 1}},
                                           {"screen", true, false, {"x", 2}},
                                           {"known", false, true, {"x", 3}}};

RouteConfig route(const std::vector<std::string>& deliver)
{
    RouteConfig config;
    config.name = "a";
    config.deliverOrigin = {"x", 9};
    for (const std::string& each : deliver)
        config.deliver.push_back(parseRouteTarget(each));
    return config;
}

/// Problems of one route.
std::string problemsOf(const std::vector<std::string>& deliver)
{
    std::vector<Problem> problems;
    std::vector<Problem> warnings;
    checkRouteTargets({route(deliver)}, handlers, problems, warnings);
    return shown(problems);
}

} // namespace

class RouteTargetsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(RouteTargetsTest);
    CPPUNIT_TEST(aQuestionMarkMakesItOptional);
    CPPUNIT_TEST(mistakesHaveASentence);
    CPPUNIT_TEST(deliveringHandlersInNoRouteAreWarnings);
    CPPUNIT_TEST_SUITE_END();

public:
    void aQuestionMarkMakesItOptional()
    {
        for (const char* text : {"screen?", " screen ? "})
        {
            const auto target = parseRouteTarget(text);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string("screen"), target.handler);
            CPPUNIT_ASSERT_MESSAGE(text, target.isOptional);
        }
        CPPUNIT_ASSERT(!parseRouteTarget("tree").isOptional);
    }

    void mistakesHaveASentence()
    {
        struct Row
        {
            const char* why;
            std::vector<std::string> deliver;
            std::string expected;
        };

        const std::string optionalOnly =
            "x:9: [route:a] deliver has only optional handlers, so 250 would promise nothing: "
            "leave the \"?\" out, or set required = yes in the handler's section";
        for (const Row& row :
             {Row{"one that is required", {"tree", "screen?"}, ""},
              Row{"one that is not required by its section", {"tree", "screen"}, ""},
              Row{"a route that rejects", {}, ""},
              Row{"unknown",
                  {"tre"},
                  "x:9: [route:a] deliver \"tre\" is no handler: there is no section "
                  "[handler:tre] (did you mean \"tree\"?)"},
              Row{"unknown and optional",
                  {"xyzzy?"},
                  "x:9: [route:a] deliver \"xyzzy\" is no handler: there is no section "
                  "[handler:xyzzy]"},
              Row{"no name",
                  {"tree", "?"},
                  "x:9: [route:a] deliver has a \"?\" without a handler "
                  "in front of it"},
              Row{"twice", {"tree", "tree?"}, "x:9: [route:a] deliver \"tree\" is there twice"},
              Row{"a filter",
                  {"known", "tree"},
                  "x:9: [route:a] deliver \"known\" cannot deliver: its plugin has no delivery "
                  "hook"},
              Row{"only optional", {"tree?"}, optionalOnly},
              Row{"only one that is not required", {"screen"}, optionalOnly}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, problemsOf(row.deliver));
    }

    void deliveringHandlersInNoRouteAreWarnings()
    {
        std::vector<Problem> problems;
        std::vector<Problem> warnings;
        checkRouteTargets({route({"tree"})}, handlers, problems, warnings);
        CPPUNIT_ASSERT_EQUAL(std::string("x:2: [handler:screen] is in no route: it gets no mail"),
                             shown(warnings));
        warnings.clear();
        checkRouteTargets(
            {route({"tree"}), route({"tree", "screen?"})}, handlers, problems, warnings);
        checkRouteTargets({}, handlers, problems, warnings);
        CPPUNIT_ASSERT_EQUAL(std::string(), shown(warnings));
        CPPUNIT_ASSERT_EQUAL(std::string(), shown(problems));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RouteTargetsTest);
