// Deadlines for commands and mail data, without a clock.
#include "net/Patience.h"

#include <cppunit/extensions/HelperMacros.h>

using mpsmtp::net::CoarseClock;
using mpsmtp::net::Patience;
using mpsmtp::net::PatienceLimits;
using mpsmtp::smtp::Awaiting;
using std::chrono::seconds;

namespace
{

constexpr PatienceLimits limits{seconds(300), seconds(600), 1000};

CoarseClock::time_point at(int second)
{
    return CoarseClock::time_point(seconds(second));
}

} // namespace

class PatienceTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PatienceTest);
    CPPUNIT_TEST(octetsOfACommandProlongNothing);
    CPPUNIT_TEST(anAnswerGivesTheNextCommandItsOwnTime);
    CPPUNIT_TEST(mailDataEarnsTimeByItsRate);
    CPPUNIT_TEST(silenceInMailDataEndsTheWait);
    CPPUNIT_TEST(withoutARateDataHasItsTimeoutOnly);
    CPPUNIT_TEST_SUITE_END();

    void octetsOfACommandProlongNothing()
    {
        Patience patience(limits);
        patience.begin(Awaiting::Command, at(1000));
        for (int second = 1000; second < 1290; second += 10)
            patience.received(1, at(second));
        CPPUNIT_ASSERT(at(1300) == patience.deadline());
    }

    void anAnswerGivesTheNextCommandItsOwnTime()
    {
        Patience patience(limits);
        patience.begin(Awaiting::Command, at(1000));
        patience.begin(Awaiting::Command, at(1200));
        CPPUNIT_ASSERT(at(1500) == patience.deadline());
    }

    void mailDataEarnsTimeByItsRate()
    {
        Patience patience(limits);
        patience.begin(Awaiting::MailData, at(0));
        for (int second = 0; second <= 590; second += 10)
            patience.received(1000, at(second));
        // 600 s, and 60 s for 60,000 octets at 1,000 a second.
        CPPUNIT_ASSERT(at(660) == patience.deadline());
    }

    void silenceInMailDataEndsTheWait()
    {
        Patience patience(limits);
        patience.begin(Awaiting::MailData, at(0));
        CPPUNIT_ASSERT(at(300) == patience.deadline());
        patience.received(1'000'000'000, at(100));
        CPPUNIT_ASSERT(at(400) == patience.deadline());
    }

    void withoutARateDataHasItsTimeoutOnly()
    {
        Patience patience(PatienceLimits{seconds(300), seconds(600), 0});
        patience.begin(Awaiting::MailData, at(0));
        patience.received(1'000'000, at(599));
        CPPUNIT_ASSERT(at(600) == patience.deadline());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PatienceTest);
