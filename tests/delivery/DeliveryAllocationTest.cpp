// What a transaction costs in allocations behind the protocol: sink, plan, views, trace field, the handler's thunks.
#include "AllocationCounter.h"
#include "delivery/ServiceFixture.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cstddef>
#include <string>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;
namespace smtp = mpsmtp::smtp;

class DeliveryAllocationTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DeliveryAllocationTest);
    CPPUNIT_TEST(aDiscardedMailAllocatesItsReplyAndWhatTheHandlerStages);
    CPPUNIT_TEST(aDroppedTransactionAllocatesNothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _fixture.emplace();
        Poco::Logger::setLevel("", Poco::Message::PRIO_WARNING);
        _fixture->config.pluginDirectory = mpsmtp::test::inBuild("/plugins");
        HandlerConfig section;
        section.name = "store";
        section.type = "discard";
        _fixture->config.handlers.push_back(section);
        CPPUNIT_ASSERT(_fixture->run());
    }

    void tearDown() override { _fixture.reset(); }

    void aDiscardedMailAllocatesItsReplyAndWhatTheHandlerStages()
    {
        (void)allocationsOfMail(); // tables find their size
        // The text of "250 2.0.0 Ok: ID"; the holder of the SDK, and the handler's own object in it.
        const std::size_t most = 3;
        const std::size_t made = allocationsOfMail();
        CPPUNIT_ASSERT_MESSAGE(std::to_string(made), made <= most);
    }

    void aDroppedTransactionAllocatesNothing()
    {
        (void)allocationsOfDrop();
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), allocationsOfDrop());
    }

private:
    template <class Work>
    static std::size_t allocationsOf(Work&& work)
    {
        const std::size_t before = allocationCount();
        work();
        return allocationCount() - before;
    }

    std::size_t allocationsOfMail()
    {
        begin();
        return allocationsOf([this] { (void)_fixture->sink->complete(_session, _envelope); }) +
               _allocationsOfBegin;
    }

    void begin()
    {
        _envelope.clear();
        _envelope.recipients.reserve(1);
        _envelope.reversePath.address = "somebody@example.org";
        smtp::Recipient recipient = ServiceFixture::recipient("somebody.else");
        _allocationsOfBegin = allocationsOf(
            [&]
            {
                (void)_fixture->sink->begin(_session, _envelope);
                (void)_fixture->sink->recipient(_session, _envelope, recipient);
                _envelope.recipients.push_back(std::move(recipient));
                (void)_fixture->sink->open(_session, _envelope);
                (void)ServiceFixture::put(*_fixture->sink, _content);
            });
    }

    std::size_t allocationsOfDrop()
    {
        begin();
        return allocationsOf([this] { _fixture->sink->drop(_session, _envelope, nullptr); }) +
               _allocationsOfBegin;
    }

    std::optional<ServiceFixture> _fixture;
    const smtp::SessionInfo _session = ServiceFixture::session();
    const std::string _content = std::string(1000, 'x') + "\r\n";
    smtp::Envelope _envelope;
    std::size_t _allocationsOfBegin = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DeliveryAllocationTest);
