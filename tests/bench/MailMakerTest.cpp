// The messages of a run: exactly as large as asked for, different, the same again for the same seed, and never in need of a
// dot in front of a dot.
#include "bench/load/MailMaker.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <set>

using namespace mpsmtp::bench;

namespace
{

std::string textOf(const Mail& mail)
{
    return mail.head + std::string(mail.shared) + mail.tail;
}

/// What is wrong with a message's lines; "" if nothing is.
std::string faultOf(const std::string& text)
{
    std::size_t at = 0;
    while (at < text.size())
    {
        const std::size_t end = text.find("\r\n", at);
        if (end == std::string::npos)
            return "the last line has no end";
        if (end - at > 78)
            return "a line of " + std::to_string(end - at);
        if (text[at] == '.')
            return "a dot in front";
        at = end + 2;
    }
    const auto feeds = std::count(text.begin(), text.end(), '\n');
    return feeds == std::count(text.begin(), text.end(), '\r') ? "" : "half a line's end";
}

} // namespace

class MailMakerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MailMakerTest);
    CPPUNIT_TEST(aMessageHasTheOctetsThatAreAskedFor);
    CPPUNIT_TEST(theIdIsInTheSubjectAndInTheLastLine);
    CPPUNIT_TEST(idsDifferByNumberAndSeedAndAreAsLong);
    CPPUNIT_TEST(theSameSeedMakesTheSameMessage);
    CPPUNIT_TEST_SUITE_END();

public:
    void aMessageHasTheOctetsThatAreAskedFor()
    {
        for (std::uint64_t octets = MailMaker::smallest; octets < 600; ++octets)
        {
            const MailMaker maker(3, octets);
            const std::string text = textOf(maker.mail(octets));
            CPPUNIT_ASSERT_EQUAL(std::size_t{octets}, text.size());
            CPPUNIT_ASSERT_EQUAL(std::string(), faultOf(text));
        }
        const MailMaker large(3, 1000003);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1000003}, textOf(large.mail(0)).size());
        CPPUNIT_ASSERT_EQUAL(std::string(), faultOf(textOf(large.mail(0))));
    }

    void theIdIsInTheSubjectAndInTheLastLine()
    {
        const MailMaker maker(1, 400);
        const std::string text = textOf(maker.mail(42));
        CPPUNIT_ASSERT_EQUAL(std::string("00000001-0000000042"), maker.idOf(42));
        CPPUNIT_ASSERT(text.find("\r\nSubject: 00000001-0000000042\r\n\r\n") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("\r\nend of 00000001-0000000042\r\n"),
                             text.substr(text.size() - 30));
    }

    void idsDifferByNumberAndSeedAndAreAsLong()
    {
        std::set<std::string> ids;
        for (const std::uint64_t seed :
             {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4294967295}})
            for (const std::uint64_t number :
                 {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{9999999999}})
                ids.insert(MailMaker(seed, 200).idOf(number));
        CPPUNIT_ASSERT_EQUAL(std::size_t{9}, ids.size());
        for (const std::string& id : ids)
            CPPUNIT_ASSERT_EQUAL(std::size_t{19}, id.size());
    }

    void theSameSeedMakesTheSameMessage()
    {
        CPPUNIT_ASSERT_EQUAL(textOf(MailMaker(5, 900).mail(7)), textOf(MailMaker(5, 900).mail(7)));
        CPPUNIT_ASSERT(MailMaker(5, 900).mail(7).shared != MailMaker(6, 900).mail(7).shared);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MailMakerTest);
