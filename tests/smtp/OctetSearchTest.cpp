// The searches with and without SSE2 against one another and against the obvious loop.
#include "smtp/OctetSearch.h"

#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <random>
#include <string>

using namespace mpsmtp::smtp;

namespace
{

std::size_t obviousLineFeedDot(const std::string& text)
{
    const std::size_t found = text.find("\n.");
    return found == text.npos ? text.size() : found;
}

std::size_t obviousBareNewline(const std::string& text)
{
    for (std::size_t i = 1; i < text.size(); ++i)
    {
        const bool bareCr = text[i - 1] == '\r' && text[i] != '\n';
        const bool bareLf = text[i] == '\n' && text[i - 1] != '\r';
        if (bareCr || bareLf)
            return i;
    }
    return text.size();
}

using Search = const char* (*)(const char*, const char*) noexcept;

// In memory of its own and of exactly this size, so that a sanitizer sees a search that reads too
// far.
std::size_t found(Search search, const std::string& text)
{
    const std::unique_ptr<char[]> exact(new char[text.size()]);
    text.copy(exact.get(), text.size());
    return static_cast<std::size_t>(search(exact.get(), exact.get() + text.size()) - exact.get());
}

void check(const std::string& text)
{
    CPPUNIT_ASSERT_EQUAL_MESSAGE(text, obviousLineFeedDot(text), found(findLineFeedDot, text));
    CPPUNIT_ASSERT_EQUAL_MESSAGE(
        text, obviousLineFeedDot(text), found(findLineFeedDotPortable, text));
    CPPUNIT_ASSERT_EQUAL_MESSAGE(text, obviousBareNewline(text), found(findBareNewline, text));
    CPPUNIT_ASSERT_EQUAL_MESSAGE(
        text, obviousBareNewline(text), found(findBareNewlinePortable, text));
}

} // namespace

class OctetSearchTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(OctetSearchTest);
    CPPUNIT_TEST(aHitIsFoundAtEveryPositionOfEverySize);
    CPPUNIT_TEST(randomTextsAgree);
    CPPUNIT_TEST_SUITE_END();

public:
    void aHitIsFoundAtEveryPositionOfEverySize()
    {
        for (std::size_t size = 0; size <= 150; ++size)
        {
            const std::string plain(size, 'a');
            check(plain);
            for (std::size_t at = 0; at < size; ++at)
            {
                for (const char* hit : {"\n.", "\r\n", "\r", "\n", "\r\n.", "\xff\n."})
                {
                    std::string text = plain;
                    text.replace(at, std::string(hit).size(), hit);
                    text.resize(size);
                    check(text);
                }
            }
        }
    }

    void randomTextsAgree()
    {
        std::mt19937 random(1);
        for (int round = 0; round < 5000; ++round)
        {
            std::string text(random() % 200, 'a');
            const std::size_t marks = random() % 8;
            for (std::size_t i = 0; i < marks && !text.empty(); ++i)
                text.replace(random() % text.size(), 2, random() % 3 == 0 ? "\n." : "\r\n");
            check(text);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OctetSearchTest);
