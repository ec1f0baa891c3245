#include "discard/DiscardHandler.h"

#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace mpsmtp;

class DiscardTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DiscardTest);
    CPPUNIT_TEST(committedMailIsCounted);
    CPPUNIT_TEST(abortedMailIsNot);
    CPPUNIT_TEST_SUITE_END();

public:
    void committedMailIsCounted()
    {
        test::TestMail mail(_host, "12345");
        mail.rcpt("ben").rcpt("donna");
        for (int i = 0; i < 2; ++i)
            CPPUNIT_ASSERT(mail.deliveredBy(_handler).failures().empty());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, _handler.messages());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, _handler.octets());
        _handler.stop();
        CPPUNIT_ASSERT_EQUAL(std::string("discarded 2 messages, 10 octets"),
                             _host.logLines().at(0));
        CPPUNIT_ASSERT(_host.syncs().empty());
    }

    void abortedMailIsNot()
    {
        test::TestMail mail(_host);
        Stage stage = mail.rcpt("ben").stagedBy(_handler);
        stage.work->abort();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, _handler.messages());
    }

private:
    test::TestHost _host;
    discard::DiscardHandler _handler{_host.context()};
};

CPPUNIT_TEST_SUITE_REGISTRATION(DiscardTest);
