// What is said again and again: written a few times, then counted, and the count told. Time is the test's.
#include "app/RepeatLimit.h"

#include <Poco/AutoPtr.h>

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace mpsmtp;
using app::RepeatLimit;
using app::RepeatLimits;
using app::sharedWords;
using Poco::Message;
using std::chrono::seconds;

namespace
{

class Written : public log::EntryChannel
{
public:
    void write(const Message& message, const log::FieldSource*) override
    {
        texts.push_back(message.getSource() + ": " + message.getText());
    }

    std::vector<std::string> texts;
};

} // namespace

class RepeatLimitTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(RepeatLimitTest);
    CPPUNIT_TEST(wordsThatVaryDoNotCount);
    CPPUNIT_TEST(theFirstOnesAreWrittenAndTheRestIsCounted);
    CPPUNIT_TEST(theCountIsToldWhenTheIntervalIsOver);
    CPPUNIT_TEST(theCountIsToldBeforeTheNextOne);
    CPPUNIT_TEST(anotherSourceOrSentenceIsCountedForItself);
    CPPUNIT_TEST(evidenceIsNeverCounted);
    CPPUNIT_TEST(noLimitCountsNothing);
    CPPUNIT_TEST(clientsCannotMakeItGrow);
    CPPUNIT_TEST(theEndTellsAll);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _now = {};
        _written = new Written;
        _limit = make({2, seconds(60)});
    }

private:
    void wordsThatVaryDoNotCount()
    {
        const struct
        {
            const char* why;
            std::string text;
            std::string words;
        } rows[] = {
            {"an address",
             "session of 192.0.2.1 broken off: Broken pipe",
             "session of … broken off: Broken pipe"},
            {"another",
             "session of 2001:db8::1 broken off: Broken pipe",
             "session of … broken off: Broken pipe"},
            {"an id and a mailbox", "RCPT id=1abc to=<a@b>: no route", "RCPT … no route"},
            {"a path", "/var/mail/a: No space left", "… No space left"},
            {"nothing", "", ""},
            {"UTF-8", "Gr\xC3\xBC\xC3\x9F from", "… from"},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.words, sharedWords(row.text));
        CPPUNIT_ASSERT(sharedWords(std::string(100'000, 'a')).size() <= RepeatLimit::mostKeyOctets);
    }

    void theFirstOnesAreWrittenAndTheRestIsCounted()
    {
        say("net", "lost 192.0.2.1");
        say("net", "lost 192.0.2.2");
        say("net", "lost 192.0.2.3");
        assertWritten({"net: lost 192.0.2.1", "net: lost 192.0.2.2"});
        CPPUNIT_ASSERT(_limit->isCounting());
    }

    void theCountIsToldWhenTheIntervalIsOver()
    {
        for (int i = 0; i < 1236; ++i)
            say("net", "lost 192.0.2.1");
        _now += seconds(59);
        _limit->tend();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, _written->texts.size());
        _now += seconds(1);
        _limit->tend();
        _limit->tend();
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, _written->texts.size());
        CPPUNIT_ASSERT_EQUAL(std::string("net: lost … (said 1,234 more times in 60s)"),
                             _written->texts.back());
        CPPUNIT_ASSERT(!_limit->isCounting());
    }

    void theCountIsToldBeforeTheNextOne()
    {
        for (int i = 0; i < 3; ++i)
            say("net", "lost");
        _now += seconds(60);
        say("net", "lost");
        assertWritten(
            {"net: lost", "net: lost", "net: lost (said 1 more time in 60s)", "net: lost"});
    }

    void anotherSourceOrSentenceIsCountedForItself()
    {
        for (int i = 0; i < 3; ++i)
        {
            say("net", "lost");
            say("delivery", "lost");
            say("net", "found");
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, _written->texts.size());
    }

    void evidenceIsNeverCounted()
    {
        const struct
        {
            const char* source;
            Message::Priority priority;
        } rows[] = {
            {"transaction", Message::PRIO_INFORMATION},
            {"transaction", Message::PRIO_NOTICE},
            {"transcript", Message::PRIO_INFORMATION},
            {"server", Message::PRIO_WARNING},
            {"net", Message::PRIO_DEBUG},
            {"handler.tree", Message::PRIO_CRITICAL},
        };

        for (const auto& row : rows)
        {
            _written->texts.clear();
            for (int i = 0; i < 10; ++i)
                say(row.source, "again", row.priority);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.source, std::size_t{10}, _written->texts.size());
        }
    }

    void noLimitCountsNothing()
    {
        _limit->change({0, seconds(60)});
        for (int i = 0; i < 10; ++i)
            say("net", "lost");
        CPPUNIT_ASSERT_EQUAL(std::size_t{10}, _written->texts.size());
    }

    /// As many sentences as octets allow: beyond the number of kinds they share one.
    void clientsCannotMakeItGrow()
    {
        for (int i = 0; i < 10'000; ++i)
        {
            std::string word;
            for (int rest = i; rest > 0; rest /= 26)
                word += static_cast<char>('a' + rest % 26);
            say("net", "helo " + word);
        }
        CPPUNIT_ASSERT(_written->texts.size() <= RepeatLimit::mostKinds + 2);
        _now += seconds(60);
        _limit->tend();
        CPPUNIT_ASSERT_EQUAL(
            std::string("server: other entries, of many kinds (said 9,742 more times in 60s)"),
            _written->texts.back());
        say("net", "helo again"); // there is room again
        CPPUNIT_ASSERT_EQUAL(std::string("net: helo again"), _written->texts.back());
    }

    void theEndTellsAll()
    {
        for (int i = 0; i < 3; ++i)
            say("net", "lost");
        _limit->flush();
        CPPUNIT_ASSERT_EQUAL(std::string("net: lost (said 1 more time in 60s)"),
                             _written->texts.back());
    }

    Poco::AutoPtr<RepeatLimit> make(RepeatLimits limits)
    {
        return new RepeatLimit(_written, limits, [this] { return _now; });
    }

    void say(const std::string& source,
             const std::string& text,
             Message::Priority priority = Message::PRIO_ERROR)
    {
        _limit->log({source, text, priority});
    }

    void assertWritten(const std::vector<std::string>& expected)
    {
        CPPUNIT_ASSERT_EQUAL(expected.size(), _written->texts.size());
        CPPUNIT_ASSERT(std::equal(expected.begin(), expected.end(), _written->texts.begin()));
    }

    RepeatLimit::Clock::time_point _now;
    Poco::AutoPtr<Written> _written;
    Poco::AutoPtr<RepeatLimit> _limit;
};

CPPUNIT_TEST_SUITE_REGISTRATION(RepeatLimitTest);
