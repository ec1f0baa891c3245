// Tests of delivery/EnvelopeView through the SDK's own view of it.
#include "delivery/EnvelopeView.h"

#include "delivery/HostTable.h"
#include "delivery/SessionView.h"

#include <mpsmtp/Envelope.h>

#include <cppunit/extensions/HelperMacros.h>

using namespace mpsmtp::delivery;
namespace smtp = mpsmtp::smtp;

namespace
{

smtp::Recipient recipientOf(const std::string& user,
                            std::vector<smtp::EsmtpParameter> parameters = {})
{
    smtp::Recipient recipient;
    recipient.path.localPart = user;
    recipient.path.domain = "example.com";
    recipient.path.address = user + "@example.com";
    recipient.parameters = std::move(parameters);
    return recipient;
}

} // namespace

namespace
{

/// Each recipient goes where the client sent it. Kept until the next call.
const Destinations& toAll(const smtp::Envelope& envelope)
{
    static Destinations destinations;
    destinations.clear();
    for (std::uint32_t i = 0; i < envelope.recipients.size(); ++i)
        destinations.push_back({i, nullptr, nullptr});
    return destinations;
}

} // namespace

class EnvelopeViewTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(EnvelopeViewTest);
    CPPUNIT_TEST(valuesReachTheSdk);
    CPPUNIT_TEST(recipientsComeOneAfterAnother);
    CPPUNIT_TEST(aDestinationWithoutItsRcptIsNotSeen);
    CPPUNIT_TEST(aRedirectedRecipientKeepsItsOriginal);
    CPPUNIT_TEST(viewIsReusable);
    CPPUNIT_TEST_SUITE_END();

public:
    void valuesReachTheSdk()
    {
        smtp::SessionInfo session;
        session.id = 7;
        session.clientAddress = "192.0.2.1";
        session.clientPort = 999;
        session.listener = "main";
        session.hostname = "mx.example.com";
        session.helo = "client";
        session.esmtp = true;
        smtp::Envelope envelope;
        envelope.id = "id1";
        envelope.reversePath.address = "a@b";
        envelope.parameters = {{"SIZE", "10"}, {"SMTPUTF8", ""}};
        envelope.recipients = {recipientOf("one"), recipientOf("two", {{"NOTIFY", "NEVER"}})};
        envelope.body = smtp::BodyType::EightBitMime;
        envelope.smtpUtf8 = true;

        SessionView sessionView;
        sessionView.update(session);
        EnvelopeView view;
        view.begin(sessionView.abi(),
                   envelope,
                   toAll(envelope),
                   std::chrono::system_clock::time_point(std::chrono::seconds(1234)));
        const mpsmtp::Envelope seen(hostTable(), view.abi());
        CPPUNIT_ASSERT_EQUAL(std::string("id1"), std::string(seen.id()));
        CPPUNIT_ASSERT_EQUAL(std::string("a@b"), std::string(seen.reversePath()));
        CPPUNIT_ASSERT(seen.body() == mpsmtp::BodyType::EightBitMime);
        CPPUNIT_ASSERT(seen.isSmtpUtf8());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, seen.parameterCount());
        CPPUNIT_ASSERT_EQUAL(std::string("SMTPUTF8"), std::string(seen.parameter(1).keyword));
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.1"), std::string(seen.session().clientAddress()));
        CPPUNIT_ASSERT_EQUAL(999u, seen.session().clientPort());
        CPPUNIT_ASSERT_EQUAL(std::string("mx.example.com"),
                             std::string(seen.session().serverName()));
        CPPUNIT_ASSERT(seen.session().isEsmtp());
        CPPUNIT_ASSERT(seen.receivedAt().time_since_epoch() == std::chrono::seconds(1234));

        const auto& indices = view.allRecipients();
        const mpsmtp::Recipients recipients(view.abi(), indices.data(), indices.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, recipients.size());
        CPPUNIT_ASSERT_EQUAL(std::string("two@example.com"), std::string(recipients[1].address()));
        CPPUNIT_ASSERT_EQUAL(std::string("two"), std::string(recipients[1].localPart()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, recipients[1].parameterCount());
        CPPUNIT_ASSERT_EQUAL(std::string("NOTIFY"),
                             std::string(recipients[1].parameter(0).keyword));
        CPPUNIT_ASSERT_EQUAL(std::string("NEVER"), std::string(recipients[1].parameter(0).value));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, recipients[0].parameterCount());
    }

    void recipientsComeOneAfterAnother()
    {
        const SessionView session;
        smtp::Envelope envelope;
        Destinations destinations;
        EnvelopeView view;
        view.begin(session.abi(), envelope, destinations, {});
        for (std::uint32_t i = 0; i < 500; ++i) // enough to move every table several times
        {
            const std::string name = std::to_string(i);
            const smtp::Recipient recipient = recipientOf(name, {{"K", name}});
            CPPUNIT_ASSERT_EQUAL(
                name + "@example.com",
                std::string(mpsmtp::detail::fromAbi(view.candidate(recipient, nullptr).address)));
            envelope.recipients.push_back(recipient);
            destinations.push_back({i, nullptr, nullptr});
            view.update();
            const mpsmtp::Envelope seen(hostTable(), view.abi());
            CPPUNIT_ASSERT_EQUAL(std::size_t{i} + 1, seen.recipientCount());
            for (const std::size_t each : {std::size_t{0}, std::size_t{i} / 2, std::size_t{i}})
                CPPUNIT_ASSERT_EQUAL(std::to_string(each),
                                     std::string(seen.recipient(each).parameter(0).value));
        }
    }

    /// Memory ran out between the sink's yes and the session's list.
    void aDestinationWithoutItsRcptIsNotSeen()
    {
        const SessionView session;
        smtp::Envelope envelope;
        envelope.recipients = {recipientOf("one")};
        Destinations destinations;
        destinations.push_back({0, nullptr, nullptr});
        destinations.push_back({1, nullptr, nullptr});
        EnvelopeView view;
        view.begin(session.abi(), envelope, destinations, {});
        CPPUNIT_ASSERT_EQUAL(1u, view.abi().recipient_count);
        view.update();
        CPPUNIT_ASSERT_EQUAL(1u, view.abi().recipient_count);
        envelope.recipients.push_back(recipientOf("two"));
        view.update();
        CPPUNIT_ASSERT_EQUAL(2u, view.abi().recipient_count);
    }

    void aRedirectedRecipientKeepsItsOriginal()
    {
        const SessionView session;
        smtp::Envelope envelope;
        envelope.recipients = {recipientOf("sales")};
        Destinations destinations;
        for (const char* name : {"anna", "bob"})
            destinations.push_back(
                {0, std::make_unique<smtp::Path>(recipientOf(name).path), nullptr});
        EnvelopeView view;
        view.begin(session.abi(), envelope, destinations, {});
        const mpsmtp::Envelope seen(hostTable(), view.abi());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, seen.recipientCount());
        CPPUNIT_ASSERT_EQUAL(std::string("bob@example.com"),
                             std::string(seen.recipient(1).address()));
        CPPUNIT_ASSERT_EQUAL(std::string("sales@example.com"),
                             std::string(seen.recipient(1).original()));
    }

    void viewIsReusable()
    {
        const SessionView session;
        EnvelopeView view;
        for (const std::size_t count : {std::size_t{100}, std::size_t{1}, std::size_t{300}})
        {
            smtp::Envelope envelope;
            for (std::size_t i = 0; i < count; ++i)
                envelope.recipients.push_back(
                    recipientOf(std::to_string(i), {{"K", std::to_string(i)}}));
            view.begin(session.abi(), envelope, toAll(envelope), {});
            CPPUNIT_ASSERT_EQUAL(count, view.allRecipients().size());
            const mpsmtp::Envelope seen(hostTable(), view.abi());
            for (std::size_t i = 0; i < count; ++i)
                CPPUNIT_ASSERT_EQUAL(std::to_string(i),
                                     std::string(seen.recipient(i).parameter(0).value));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EnvelopeViewTest);
