// The mail of --test-handler: what its words mean, and the message as a client would send it.
#include "app/TrialMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <Poco/TemporaryFile.h>

#include <fstream>
#include <string>
#include <system_error>
#include <variant>

using namespace mpsmtp::app;

namespace
{

Configuration configuration()
{
    Configuration made;
    made.source = "a.ini";
    made.server.hostname = "mx.example.com";
    made.server.listeners.resize(1);
    made.server.listeners.front().name = "main";
    made.delivery.handlers.resize(1);
    made.delivery.handlers.front().name = "tree";
    return made;
}

TrialRequest request()
{
    return {"tree", "a@x.example", {"b@Y.example"}, "-", ""};
}

TrialMail mailOf(const TrialRequest& request)
{
    return std::get<TrialMail>(makeTrialMail(request, configuration()));
}

std::string mistakeOf(const TrialRequest& request)
{
    const auto result = makeTrialMail(request, configuration());
    const auto* error = std::get_if<UsageError>(&result);
    return error != nullptr ? error->text : "";
}

} // namespace

class TrialMailTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(TrialMailTest);
    CPPUNIT_TEST(itComesToTheFirstListener);
    CPPUNIT_TEST(addressesMayHaveBrackets);
    CPPUNIT_TEST(eachMistakeHasItsSentence);
    CPPUNIT_TEST(lineEndsBecomeCrlf);
    CPPUNIT_TEST(aFileIsReadWhole);
    CPPUNIT_TEST_SUITE_END();

    void itComesToTheFirstListener()
    {
        const TrialMail mail = mailOf(request());
        CPPUNIT_ASSERT_EQUAL(std::string("main"), mail.session.listener);
        CPPUNIT_ASSERT_EQUAL(std::string("mx.example.com"), mail.session.hostname);
        CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1"), mail.session.clientAddress);
        CPPUNIT_ASSERT_EQUAL(std::string("[127.0.0.1]"), mail.session.helo);
        TrialRequest other = request();
        other.client = "2001:DB8:0::1";
        CPPUNIT_ASSERT_EQUAL(std::string("2001:db8::1"), mailOf(other).session.clientAddress);
        CPPUNIT_ASSERT_EQUAL(std::string("[IPv6:2001:db8::1]"), mailOf(other).session.helo);
    }

    void addressesMayHaveBrackets()
    {
        TrialRequest asked = request();
        asked.sender = "<>";
        asked.recipients = {"b@Y.example", "<c@y.example>", "d"};
        const TrialMail mail = mailOf(asked);
        CPPUNIT_ASSERT(mail.reversePath.isNull());
        CPPUNIT_ASSERT_EQUAL(std::string("b@y.example"), mail.recipients[0].path.address);
        CPPUNIT_ASSERT_EQUAL(std::string("c@y.example"), mail.recipients[1].path.address);
        CPPUNIT_ASSERT_EQUAL(std::string("d@mx.example.com"), mail.recipients[2].path.address);
    }

    void eachMistakeHasItsSentence()
    {
        const struct
        {
            const char* why;
            TrialRequest request;
            const char* expected;
        } rows[] = {
            {"another name",
             {"tre", "a@x", {"b@y"}, "-", ""},
             "there is no section [handler:tre] in a.ini (did you mean \"tree\"?)"},
            {"no sender",
             {"tree", "a b", {"b@y"}, "-", ""},
             "--from: \"a b\" is no address; <> stands for none"},
            {"no recipient", {"tree", "a@x", {"<>"}, "-", ""}, "--rcpt: \"<>\" is no address"},
            {"more behind it",
             {"tree", "a@x", {"<b@y> SIZE=1"}, "-", ""},
             "--rcpt: \"<b@y> SIZE=1\" is no address"},
            {"a second line",
             {"tree", "a@x", {"b@y\r\nDATA"}, "-", ""},
             "--rcpt: \"b@y\r\nDATA\" is no address"},
            {"a name",
             {"tree", "a@x", {"b@y"}, "-", "localhost"},
             "--client: \"localhost\" is no IP address"},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, std::string(row.expected), mistakeOf(row.request));
    }

    void lineEndsBecomeCrlf()
    {
        const struct
        {
            const char* why;
            std::string text;
            std::string expected;
            std::size_t converted;
        } rows[] = {
            {"a text file", "a\n\nb\n", "a\r\n\r\nb\r\n", 3},
            {"as a client sends it", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n", 0},
            {"both", "a\r\nb\n", "a\r\nb\r\n", 1},
            {"a last line without an end", "a\r\nb", "a\r\nb\r\n", 1},
            {"a last line with half of one", "a\r", "a\r\r\n", 1},
            {"a CR in a line stays", "a\rb\r\n", "a\rb\r\n", 0},
            {"a line with a dot stays", ".\r\n", ".\r\n", 0},
            {"nothing", "", "", 0},
        };

        for (const auto& row : rows)
        {
            const MailData data = mailDataOf(row.text);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, data.octets);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.converted, data.converted);
        }
    }

    void aFileIsReadWhole()
    {
        const Poco::TemporaryFile file;
        const std::string text(200'000, '\0');
        std::ofstream(file.path()) << text;
        CPPUNIT_ASSERT(readMessage(file.path()) == text);
        CPPUNIT_ASSERT_THROW((void)readMessage(file.path() + "x"), std::system_error);
        CPPUNIT_ASSERT_THROW((void)readMessage("/"), std::system_error);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TrialMailTest);
