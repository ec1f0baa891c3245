// Routes in a delivery: who gets which recipients, what is refused at RCPT, aliases that are routed, and what doubles.
#include "delivery/ServiceFixture.h"

#include <cppunit/extensions/HelperMacros.h>

#include <optional>
#include <string>
#include <vector>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;
namespace smtp = mpsmtp::smtp;

namespace
{

std::string shown(const std::optional<smtp::Reply>& reply)
{
    return reply ? ServiceFixture::shown(*reply) : "ok";
}

} // namespace

class RoutedDeliveryTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(RoutedDeliveryTest);
    CPPUNIT_TEST(eachHandlerGetsItsOwnRecipients);
    CPPUNIT_TEST(anOptionalTargetComesAfterTheReply);
    CPPUNIT_TEST(recipientsAreRefusedAtRcpt);
    CPPUNIT_TEST(filtersAreNotAskedAboutWhatRoutesRefuse);
    CPPUNIT_TEST(whatAnAliasLeadsToIsRoutedToo);
    CPPUNIT_TEST(aRecipientThatAnAliasReachedIsNotReachedTwice);
    CPPUNIT_TEST(handlersOfARouteAreChecked);
    CPPUNIT_TEST(twoRequiredHandlersOfOnePhaseAreWarnedOf);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { _fixture.emplace(); }

    void tearDown() override { _fixture.reset(); }

    void eachHandlerGetsItsOwnRecipients()
    {
        _fixture->add("tell", "anna");
        _fixture->add("tell", "rest");
        addRoute("anna", "anna@*", {{"anna"}});
        addRoute("both", "both@*", {{"rest"}, {"anna"}});
        addRoute("rest", "*", {{"rest"}});
        run();
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.0.0 Ok: ID"),
                             send({"anna", "bob", "both", "carl"}));
        CPPUNIT_ASSERT_EQUAL(std::string("anna deliver <anna@example.com>,<both@example.com>, "
                                         "rest deliver "
                                         "<bob@example.com>,<both@example.com>,<carl@example.com>"),
                             _fixture->calls());
        (void)send({"bob"});
        CPPUNIT_ASSERT_EQUAL_MESSAGE("a handler without recipients is not called",
                                     std::string("rest deliver <bob@example.com>"),
                                     _fixture->calls());
    }

    void anOptionalTargetComesAfterTheReply()
    {
        _fixture->add("tell", "screen", {{"fail", "deliver"}, {"how", "std"}});
        _fixture->add("tell", "tree");
        addRoute("shown", "shown@*", {{"screen", true}, {"tree"}});
        addRoute("rest", "*", {{"tree"}});
        run();
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.0.0 Ok: ID"), send({"shown", "bob"}));
        CPPUNIT_ASSERT_EQUAL(
            std::string("tree deliver <shown@example.com>,<bob@example.com>, screen deliver "
                        "<shown@example.com>"),
            _fixture->calls());
    }

    void recipientsAreRefusedAtRcpt()
    {
        _fixture->add("tell", "tree");
        addRoute("no", "no@*", {}).reject = "554 5.7.1 Not this one";
        addRoute("yes", "yes@*", {{"tree"}});
        run();
        smtp::Envelope envelope;
        (void)_fixture->sink->begin(ServiceFixture::session(), envelope);
        CPPUNIT_ASSERT_EQUAL(std::string("554 5.7.1 Not this one"), rcpt(envelope, "no"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("no route at all",
                                     std::string("550 5.1.1 No such recipient here"),
                                     rcpt(envelope, "other"));
        CPPUNIT_ASSERT_EQUAL(std::string("ok"), rcpt(envelope, "yes"));
        _fixture->sink->drop(ServiceFixture::session(), envelope, nullptr);
        const auto lines = _fixture->log("delivery");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, lines.size());
        CPPUNIT_ASSERT_EQUAL("RCPT id=" + envelope.id +
                                 " to=<no@example.com>: [route:no] refused it with 554",
                             lines[0]);
        CPPUNIT_ASSERT_EQUAL("RCPT id=" + envelope.id +
                                 " to=<other@example.com>: no route refused it with 550",
                             lines[1]);
    }

    void filtersAreNotAskedAboutWhatRoutesRefuse()
    {
        _fixture->add("tell", "tree");
        _fixture->add("policy", "p");
        addRoute("yes", "yes@*", {{"tree"}});
        run();
        smtp::Envelope envelope;
        (void)_fixture->sink->begin(ServiceFixture::session(), envelope);
        (void)_fixture->calls();
        (void)rcpt(envelope, "other");
        CPPUNIT_ASSERT_EQUAL(std::string(), _fixture->calls());
        _fixture->sink->drop(ServiceFixture::session(), envelope, nullptr);
    }

    void whatAnAliasLeadsToIsRoutedToo()
    {
        _fixture->add("tell", "anna");
        _fixture->add("tell", "rest");
        _fixture->add("policy",
                      "alias",
                      {{"on", "redirect"}, {"redirect", "anna@example.com, bob@example.com"}});
        addRoute("anna", "anna@*", {{"anna"}});
        addRoute("rest", "!nobody@*, *", {{"rest"}});
        run();
        CPPUNIT_ASSERT_EQUAL(std::string("250 2.0.0 Ok: ID"), send({"sales"}));
        const std::string calls = _fixture->calls();
        CPPUNIT_ASSERT_MESSAGE(calls,
                               calls.find("anna deliver <anna@example.com>, rest deliver "
                                          "<bob@example.com>") != std::string::npos);

        _fixture.emplace();
        _fixture->add("tell", "rest");
        _fixture->add("policy", "alias", {{"on", "redirect"}, {"redirect", "nobody@example.com"}});
        addRoute("rest", "!nobody@*, *", {{"rest"}});
        run();
        smtp::Envelope envelope;
        (void)_fixture->sink->begin(ServiceFixture::session(), envelope);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("an alias that leads nowhere refuses its recipient",
                                     std::string("550 5.1.1 No such recipient here"),
                                     rcpt(envelope, "sales"));
        _fixture->sink->drop(ServiceFixture::session(), envelope, nullptr);
    }

    void aRecipientThatAnAliasReachedIsNotReachedTwice()
    {
        _fixture->add("tell", "tree");
        _fixture->add(
            "policy",
            "alias",
            {{"on", "redirect"}, {"redirect", "anna@example.com"}, {"only", "sales@example.com"}});
        run();
        for (const auto& users :
             {std::vector<std::string>{"sales", "anna"}, std::vector<std::string>{"anna", "sales"}})
        {
            CPPUNIT_ASSERT_EQUAL(std::string("250 2.0.0 Ok: ID"), send(users));
            const std::string calls = _fixture->calls();
            CPPUNIT_ASSERT_MESSAGE(
                calls, calls.find("tree deliver <anna@example.com>,") != std::string::npos);
            CPPUNIT_ASSERT_MESSAGE(
                calls, calls.find("<anna@example.com>,<anna@example.com>") == std::string::npos);
        }
    }

    void handlersOfARouteAreChecked()
    {
        _fixture->add("tell", "tree");
        _fixture->add("policy", "known");
        addRoute("a", "*", {{"tre"}, {"known"}});
        const auto problems = _fixture->load();
        CPPUNIT_ASSERT_MESSAGE("a name that is not there, and a handler that does not deliver",
                               problems.size() >= 2);
    }

    void twoRequiredHandlersOfOnePhaseAreWarnedOf()
    {
        _fixture->add("one", "first");
        _fixture->add("one", "second");
        CPPUNIT_ASSERT(_fixture->load().empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _fixture->warnings.size());
        CPPUNIT_ASSERT_EQUAL(
            std::string("[handler:second] and [handler:first] deliver in one phase and are both "
                        "required: if this one fails, a retry reaches the other one twice; "
                        "consider required = no"),
            _fixture->warnings[0].text);
        _fixture.emplace();
        _fixture->add("one", "first");
        _fixture->add("one", "second").required = false;
        _fixture->add("two", "third");
        CPPUNIT_ASSERT(_fixture->load().empty());
        CPPUNIT_ASSERT(_fixture->warnings.empty());
    }

private:
    RouteConfig&
    addRoute(const std::string& name, const std::string& to, std::vector<RouteTarget> targets)
    {
        RouteConfig route;
        route.name = name;
        for (std::size_t begin = 0; begin < to.size();)
        {
            const auto end = std::min(to.find(", ", begin), to.size());
            route.to.push_back(to.substr(begin, end - begin));
            begin = end + 2;
        }
        route.deliver = std::move(targets);
        _fixture->config.routes.push_back(route);
        return _fixture->config.routes.back();
    }

    void run()
    {
        CPPUNIT_ASSERT(_fixture->run());
        (void)_fixture->calls();
    }

    std::string rcpt(smtp::Envelope& envelope, const std::string& user)
    {
        return shown(
            ServiceFixture::add(*_fixture->sink, envelope, ServiceFixture::recipient(user)));
    }

    std::string send(const std::vector<std::string>& users)
    {
        smtp::MessageSink& sink = *_fixture->sink;
        smtp::Envelope envelope;
        (void)sink.begin(ServiceFixture::session(), envelope);
        for (const std::string& user : users)
            CPPUNIT_ASSERT_EQUAL(std::string("ok"), rcpt(envelope, user));
        (void)sink.open(ServiceFixture::session(), envelope);
        (void)ServiceFixture::put(sink, "A: 1\r\n\r\nbody\r\n");
        std::string reply =
            ServiceFixture::shown(sink.complete(ServiceFixture::session(), envelope));
        if (sink.hasWorkAfterReply())
            sink.replied();
        const auto id = reply.find(envelope.id);
        return id == std::string::npos ? reply : reply.replace(id, envelope.id.size(), "ID");
    }

    std::optional<ServiceFixture> _fixture;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RoutedDeliveryTest);
