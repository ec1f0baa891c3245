// Bare newlines become CRLF wherever the input is split.
#include "smtp/NewlineNormalizer.h"

#include "smtp/Feeding.h"

#include <cppunit/extensions/HelperMacros.h>

#include <random>

using namespace mpsmtp::smtp;

namespace
{

std::string obviousNormalize(const std::string& text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i)
    {
        const bool isCrLf = text.compare(i, 2, "\r\n") == 0;
        if (text[i] == '\r' || text[i] == '\n')
            out += "\r\n";
        else
            out += text[i];
        i += isCrLf ? 1 : 0;
    }
    return out;
}

std::string normalize(const feeding::Pieces& pieces)
{
    NewlineNormalizer normalizer;
    std::string out;
    for (const std::string& piece : pieces)
        normalizer.append(piece, out);
    normalizer.finish(out);
    return out;
}

} // namespace

class NewlineNormalizerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(NewlineNormalizerTest);
    CPPUNIT_TEST(bareNewlinesBecomeCrLf);
    CPPUNIT_TEST(randomTextsAreAsTheRuleSays);
    CPPUNIT_TEST(resetForgets);
    CPPUNIT_TEST_SUITE_END();

public:
    void bareNewlinesBecomeCrLf()
    {
        struct Row
        {
            const char* why;
            std::string data;
            std::string expected;
        };

        const std::vector<Row> rows{
            {"nothing", "", ""},
            {"CRLF stays", "a\r\nb\r\n", "a\r\nb\r\n"},
            {"bare LF", "a\nb\n", "a\r\nb\r\n"},
            {"bare CR", "a\rb\r", "a\r\nb\r\n"},
            {"CR CR LF is two", "a\r\r\n", "a\r\n\r\n"},
            {"LF CR is two", "a\n\rb", "a\r\n\r\nb"},
            {"LF LF", "\n\n", "\r\n\r\n"},
            {"CR CR", "\r\r", "\r\n\r\n"},
            {"CRLF LF", "\r\n\n", "\r\n\r\n"},
            {"NUL between", std::string("\r\0\n", 3), std::string("\r\n\0\r\n", 5)},
        };
        for (const Row& row : rows)
        {
            for (const feeding::Pieces& pieces : feeding::waysToFeed(row.data))
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    row.why, feeding::shown(row.expected), feeding::shown(normalize(pieces)));
        }
    }

    void randomTextsAreAsTheRuleSays()
    {
        std::mt19937 random(2);
        for (int round = 0; round < 2000; ++round)
        {
            std::string text;
            const std::size_t count = random() % 30;
            for (std::size_t i = 0; i < count; ++i)
                text += random() % 4 == 0 ? "\r" : random() % 3 == 0 ? "\n" : "some text of a line";
            const std::size_t split = text.empty() ? 0 : random() % text.size();
            CPPUNIT_ASSERT_EQUAL(
                feeding::shown(obviousNormalize(text)),
                feeding::shown(normalize({text.substr(0, split), text.substr(split)})));
        }
    }

    void resetForgets()
    {
        NewlineNormalizer normalizer;
        std::string out;
        normalizer.append("a\r", out);
        normalizer.reset();
        out.clear();
        normalizer.append("b", out);
        normalizer.finish(out);
        CPPUNIT_ASSERT_EQUAL(std::string("b"), out);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NewlineNormalizerTest);
