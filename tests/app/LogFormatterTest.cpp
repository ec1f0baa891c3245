// Log lines: their shape, and that nothing which a client could have sent breaks it.
#include "app/LogFormatter.h"

#include <cppunit/extensions/HelperMacros.h>

#include <Poco/DateTime.h>

#include <cstdlib>
#include <ctime>
#include <string>

using namespace mpsmtp::app;

namespace
{

Poco::Message message(const std::string& text,
                      Poco::Message::Priority level = Poco::Message::PRIO_INFORMATION)
{
    Poco::Message result("net", text, level);
    result.setTime(Poco::DateTime(2026, 11, 22, 2, 15, 0, 123).timestamp());
    return result;
}

template <class Formatter>
std::string formatted(const Poco::Message& event)
{
    std::string line;
    Formatter().format(event, nullptr, line);
    return line;
}

std::string logText(const std::string& text)
{
    std::string line;
    appendLogText(line, text);
    return line;
}

std::string jsonString(const std::string& text)
{
    std::string line;
    appendJsonString(line, text);
    return line;
}

} // namespace

class LogFormatterTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LogFormatterTest);
    CPPUNIT_TEST(textLinesHaveTimeLevelAndSource);
    CPPUNIT_TEST(jsonLinesAreObjectsInUtc);
    CPPUNIT_TEST(syslogLinesHaveNoTime);
    CPPUNIT_TEST(textIsAlwaysOnePrintableLine);
    CPPUNIT_TEST(jsonStringsAreEscaped);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        ::setenv("TZ", "UTC-1", 1); // one hour east
        ::tzset();
    }

    void tearDown() override
    {
        ::unsetenv("TZ");
        ::tzset();
    }

private:
    void textLinesHaveTimeLevelAndSource()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("2026-11-22 03:15:00.123 INFO net: hello"),
                             formatted<TextLogFormatter>(message("hello")));
        CPPUNIT_ASSERT_EQUAL(std::string("2026-11-22 03:15:00.123 WARNING net: "),
                             formatted<TextLogFormatter>(message("", Poco::Message::PRIO_WARNING)));
    }

    void jsonLinesAreObjectsInUtc()
    {
        CPPUNIT_ASSERT_EQUAL(
            std::string(R"({"time":"2026-11-22T02:15:00.123Z","level":"ERROR",)"
                        R"("source":"net","text":"a\"b"})"),
            formatted<JsonLogFormatter>(message("a\"b", Poco::Message::PRIO_ERROR)));
    }

    void syslogLinesHaveNoTime()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("net: a\\x0Ab"),
                             formatted<BareLogFormatter>(message("a\nb")));
    }

    void textIsAlwaysOnePrintableLine()
    {
        const struct
        {
            const char* why;
            std::string input;
            std::string expected;
        } rows[] = {
            {"plain", "a b\\c", "a b\\c"},
            {"made printable before", "\\x1B[31m", "\\x1B[31m"},
            {"UTF-8", "Gr\xC3\xBC\xC3\x9F", "Gr\xC3\xBC\xC3\x9F"},
            {"a forged line", "a\r\n2026 b", "a\\x0D\\x0A2026 b"},
            {"a terminal's escape", "\x1B[31m\x7F", "\\x1B[31m\\x7F"},
            {"NUL and tab", std::string("a\0\tb", 4), "a\\x00\\x09b"},
            {"C1 control", "\xC2\x9B", "\\xC2\\x9B"},
            {"not UTF-8", "a\x9B\xFF", "a\\x9B\\xFF"},
            {"cut UTF-8", "\xE2\x82", "\\xE2\\x82"},
            {"right-to-left override", "\xE2\x80\xAE", "\\xE2\\x80\\xAE"},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, logText(row.input));
    }

    void jsonStringsAreEscaped()
    {
        const struct
        {
            const char* why;
            std::string input;
            std::string expected;
        } rows[] = {
            {"plain", "a", "\"a\""},
            {"quote and backslash", "\"\\", R"("\"\\")"},
            {"controls", std::string("\0\n\x1F\x7F", 4), R"("\u0000\u000A\u001F\u007F")"},
            {"UTF-8", "\xC3\xBC", "\"\xC3\xBC\""},
            {"not UTF-8",
             "a\xFF"
             "b",
             "\"a\xEF\xBF\xBD"
             "b\""},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, jsonString(row.input));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogFormatterTest);
