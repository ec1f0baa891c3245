// A log that does not fill.
#include "net/LogLimit.h"

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/ErrorHandler.h>
#include <Poco/Exception.h>
#include <Poco/Logger.h>
#include <Poco/Message.h>

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include <cerrno>

using mpsmtp::net::LogLimit;

namespace
{

class MemoryChannel : public Poco::Channel
{
public:
    void log(const Poco::Message& message) override { lines.push_back(message.getText()); }

    std::vector<std::string> lines;
};

} // namespace

class LogLimitTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LogLimitTest);
    CPPUNIT_TEST(aFaultThatRepeatsDoesNotFillTheLog);
    CPPUNIT_TEST(anErrnoIsWrittenAsItsText);
    CPPUNIT_TEST(whatPocoCatchesIsLogged);
    CPPUNIT_TEST_SUITE_END();

    Poco::AutoPtr<MemoryChannel> _channel{new MemoryChannel};
    Poco::Channel::Ptr _before;

public:
    void setUp() override
    {
        _before = Poco::Logger::get("net").getChannel();
        Poco::Logger::get("net").setChannel(_channel);
    }

    void tearDown() override { Poco::Logger::get("net").setChannel(_before); }

private:
    void aFaultThatRepeatsDoesNotFillTheLog()
    {
        LogLimit log;
        for (int i = 0; i < 1000; ++i)
            log.error("again");
        CPPUNIT_ASSERT_EQUAL(std::size_t(5), _channel->lines.size());
    }

    void anErrnoIsWrittenAsItsText()
    {
        LogLimit log;
        log.error("cannot accept", ENOMEM);
        CPPUNIT_ASSERT_EQUAL(std::string("cannot accept: Cannot allocate memory"),
                             _channel->lines.at(0));
    }

    void whatPocoCatchesIsLogged()
    {
        mpsmtp::net::logPocoErrors();
        Poco::ErrorHandler::handle(Poco::IOException("lost"));
        CPPUNIT_ASSERT_EQUAL(std::string("I/O error: lost"), _channel->lines.at(0));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogLimitTest);
