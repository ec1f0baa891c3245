// An entry's fields reach a channel that understands them, and its sentence any other.
#include "log/Entry.h"

#include <Poco/AutoPtr.h>

#include <cppunit/extensions/HelperMacros.h>

#include <set>
#include <string>
#include <vector>

using namespace mpsmtp::log;
using Poco::Message;

namespace
{

/// "client=192.0.2.1 code=250 "
class Listing : public FieldSink
{
public:
    void text(Field field, std::string_view value) override
    {
        list.append(specOf(field).name).append("=").append(value).append(" ");
    }

    void number(Field field, std::uint64_t value) override { text(field, std::to_string(value)); }

    std::string list;
};

class Understanding : public EntryChannel
{
public:
    void write(const Message& message, const FieldSource* fields) override
    {
        Listing listing;
        tellAll(message, fields, listing);
        entries.push_back(message.getText() + ": " + listing.list);
    }

    std::vector<std::string> entries;
};

class Plain : public Poco::Channel
{
public:
    void log(const Message& message) override { entries.push_back(message.getText()); }

    std::vector<std::string> entries;
};

/// Fails the test if anybody asks.
class Untouchable : public FieldSource
{
public:
    void tell(FieldSink&) const override { CPPUNIT_FAIL("asked for fields"); }
};

Poco::Logger& loggerTo(const Poco::AutoPtr<Poco::Channel>& channel, const std::string& name)
{
    Poco::Logger& logger = Poco::Logger::get(name);
    logger.setChannel(channel);
    logger.setLevel(Message::PRIO_INFORMATION);
    return logger;
}

} // namespace

class EntryTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(EntryTest);
    CPPUNIT_TEST(theTableIsInTheOrderOfTheFields);
    CPPUNIT_TEST(fieldsReachAChannelThatUnderstandsThem);
    CPPUNIT_TEST(anyOtherChannelGetsTheSentence);
    CPPUNIT_TEST(aLevelThatIsOffAsksForNothing);
    CPPUNIT_TEST(aHandlersLogNamesTheHandler);
    CPPUNIT_TEST(emptyTextsAreLeftOut);
    CPPUNIT_TEST_SUITE_END();

    void theTableIsInTheOrderOfTheFields()
    {
        std::set<std::string_view> names;
        for (std::size_t i = 0; i < fieldCount; ++i)
        {
            CPPUNIT_ASSERT_EQUAL(i, static_cast<std::size_t>(fieldTable()[i].field));
            CPPUNIT_ASSERT(names.insert(fieldTable()[i].name).second);
        }
    }

    void fieldsReachAChannelThatUnderstandsThem()
    {
        Poco::AutoPtr<Understanding> channel = new Understanding;
        write(loggerTo(channel, "net"),
              Message::PRIO_ERROR,
              "broken",
              Fields{{Field::Client, "192.0.2.1"}, {Field::Code, std::uint64_t{421}}});
        CPPUNIT_ASSERT_EQUAL(std::string("broken: source=net client=192.0.2.1 code=421 "),
                             channel->entries.at(0));
        Poco::Logger::get("net").error("plain");
        CPPUNIT_ASSERT_EQUAL(std::string("plain: source=net "), channel->entries.at(1));
    }

    void anyOtherChannelGetsTheSentence()
    {
        Poco::AutoPtr<Plain> channel = new Plain;
        write(loggerTo(channel, "plain"), Message::PRIO_ERROR, "broken", Untouchable());
        CPPUNIT_ASSERT_EQUAL(std::string("broken"), channel->entries.at(0));
    }

    void aLevelThatIsOffAsksForNothing()
    {
        Poco::AutoPtr<Understanding> channel = new Understanding;
        write(loggerTo(channel, "off"), Message::PRIO_DEBUG, "unseen", Untouchable());
        CPPUNIT_ASSERT(channel->entries.empty());
    }

    void aHandlersLogNamesTheHandler()
    {
        Listing listing;
        tellAll({"handler.tree", "x", Message::PRIO_ERROR}, nullptr, listing);
        CPPUNIT_ASSERT_EQUAL(std::string("source=handler.tree handler=tree "), listing.list);
    }

    void emptyTextsAreLeftOut()
    {
        Listing listing;
        Fields{{Field::Client, ""}, {Field::Size, std::uint64_t{0}}}.tell(listing);
        CPPUNIT_ASSERT_EQUAL(std::string("size=0 "), listing.list);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EntryTest);
