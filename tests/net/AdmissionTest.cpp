// Places and who gets them.
#include "net/Admission.h"

#include <cppunit/extensions/HelperMacros.h>

#include <vector>

using mpsmtp::net::Admission;
using mpsmtp::net::ClientKey;
using mpsmtp::net::Peer;

namespace
{

Peer peer(std::uint8_t lastOctet)
{
    ClientKey key{};
    key.back() = lastOctet;
    return {"", 0, key};
}

} // namespace

class AdmissionTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(AdmissionTest);
    CPPUNIT_TEST(thereIsAPlaceUntilAllAreTaken);
    CPPUNIT_TEST(aTicketGivesItsPlaceBack);
    CPPUNIT_TEST(oneClientCannotTakeAllPlaces);
    CPPUNIT_TEST(aRefusedClientHoldsNothing);
    CPPUNIT_TEST(unixSocketsAreNotCountedByClient);
    CPPUNIT_TEST_SUITE_END();

    void thereIsAPlaceUntilAllAreTaken()
    {
        Admission admission(2, 0);
        Admission::Ticket first, second, third;
        CPPUNIT_ASSERT(admission.enter(peer(1), first) == Admission::Refusal::None);
        CPPUNIT_ASSERT(admission.enter(peer(1), second) == Admission::Refusal::None);
        CPPUNIT_ASSERT(admission.enter(peer(1), third) == Admission::Refusal::Full);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), admission.count());
    }

    void aTicketGivesItsPlaceBack()
    {
        Admission admission(1, 1);
        for (int round = 0; round < 3; ++round)
        {
            Admission::Ticket ticket;
            CPPUNIT_ASSERT(admission.enter(peer(1), ticket) == Admission::Refusal::None);
            const Admission::Ticket moved = std::move(ticket);
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), admission.count());
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), admission.count());
    }

    void oneClientCannotTakeAllPlaces()
    {
        Admission admission(10, 1);
        Admission::Ticket first, second, other;
        CPPUNIT_ASSERT(admission.enter(peer(1), first) == Admission::Refusal::None);
        CPPUNIT_ASSERT(admission.enter(peer(1), second) == Admission::Refusal::TooManyOfClient);
        CPPUNIT_ASSERT(admission.enter(peer(2), other) == Admission::Refusal::None);
    }

    void aRefusedClientHoldsNothing()
    {
        Admission admission(10, 1);
        Admission::Ticket first, second;
        CPPUNIT_ASSERT(admission.enter(peer(1), first) == Admission::Refusal::None);
        CPPUNIT_ASSERT(admission.enter(peer(1), second) == Admission::Refusal::TooManyOfClient);
        first = Admission::Ticket();
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), admission.count());
        CPPUNIT_ASSERT(admission.enter(peer(1), second) == Admission::Refusal::None);
    }

    void unixSocketsAreNotCountedByClient()
    {
        Admission admission(10, 1);
        const Peer local{"unix", 0, std::nullopt};
        Admission::Ticket first, second;
        CPPUNIT_ASSERT(admission.enter(local, first) == Admission::Refusal::None);
        CPPUNIT_ASSERT(admission.enter(local, second) == Admission::Refusal::None);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AdmissionTest);
