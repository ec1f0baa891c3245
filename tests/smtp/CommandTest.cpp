// Verbs, arguments, and protocols that are not SMTP.
#include "smtp/Command.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::smtp;

class CommandTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(CommandTest);
    CPPUNIT_TEST(everyVerbIsKnownInAnyCase);
    CPPUNIT_TEST(argumentsAreTrimmed);
    CPPUNIT_TEST(whatIsNoCommandIsUnknown);
    CPPUNIT_TEST(httpRequestsAreRecognized);
    CPPUNIT_TEST(tlsHellosAreRecognized);
    CPPUNIT_TEST_SUITE_END();

public:
    void everyVerbIsKnownInAnyCase()
    {
        const std::vector<std::pair<std::string, Verb>> verbs{{"HELO", Verb::Helo},
                                                              {"EHLO", Verb::Ehlo},
                                                              {"MAIL", Verb::Mail},
                                                              {"RCPT", Verb::Rcpt},
                                                              {"DATA", Verb::Data},
                                                              {"BDAT", Verb::Bdat},
                                                              {"RSET", Verb::Rset},
                                                              {"NOOP", Verb::Noop},
                                                              {"VRFY", Verb::Vrfy},
                                                              {"EXPN", Verb::Expn},
                                                              {"HELP", Verb::Help},
                                                              {"QUIT", Verb::Quit},
                                                              {"STARTTLS", Verb::StartTls},
                                                              {"AUTH", Verb::Auth}};
        for (const auto& [name, verb] : verbs)
        {
            std::string mixed = name;
            std::string lower;
            for (const char letter : name)
                lower += static_cast<char>(letter + 32);
            mixed[1] = lower[1];
            CPPUNIT_ASSERT_MESSAGE(name, parseCommand(name).verb == verb);
            CPPUNIT_ASSERT_MESSAGE(lower, parseCommand(lower).verb == verb);
            CPPUNIT_ASSERT_MESSAGE(mixed, parseCommand(mixed + " x").verb == verb);
        }
    }

    void argumentsAreTrimmed()
    {
        struct Row
        {
            const char* why;
            std::string line;
            std::string argument;
        };

        const std::vector<Row> rows{
            {"no argument", "QUIT", ""},
            {"only blanks behind the verb", "QUIT \t ", ""},
            {"one argument", "HELO a.example", "a.example"},
            {"FROM: belongs to the argument", "MAIL FROM:<a@b>", "FROM:<a@b>"},
            {"blanks around", "MAIL  \tFROM:<a@b> SIZE=1 \t", "FROM:<a@b> SIZE=1"},
            {"a tab parts the verb", "MAIL\tFROM:<>", "FROM:<>"},
            {"blanks inside stay", "HELP a  b", "a  b"},
            {"NUL stays for the argument's parser to refuse",
             std::string("HELO a\0b", 8),
             std::string("a\0b", 3)},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.argument, std::string(parseCommand(row.line).argument));
    }

    void whatIsNoCommandIsUnknown()
    {
        const std::vector<std::pair<std::string, std::string>> rows{
            {"empty line", ""},
            {"blanks", "  "},
            {"a verb does not begin with a blank", " QUIT"},
            {"longer than a verb", "QUITS"},
            {"shorter than a verb", "QUI"},
            {"the argument is parted by a blank", "MAILFROM:<a@b>"},
            {"a colon is no blank", "MAIL:<a@b>"},
            {"octets of UTF-8 are no letters", "QU\xc4\xb0T"},
            {"only bit 5 of letters is their case", "Q5IT"},
            {"punctuation that differs from letters in bit 5", "QUI\x14"},
            {"NUL is no blank", std::string("QUIT\0", 5)},
            {"CR is no blank", "QUIT\rx"},
            {"a header field", "Host: example.com"},
        };
        for (const auto& [why, line] : rows)
            CPPUNIT_ASSERT_MESSAGE(why, parseCommand(line).verb == Verb::Unknown);
    }

    void httpRequestsAreRecognized()
    {
        const std::vector<std::pair<std::string, bool>> rows{
            {"GET / HTTP/1.1", true},
            {"POST /x HTTP/1.0", true},
            {"PUT / HTTP/1.1", true},
            {"HEAD / HTTP/1.1", true},
            {"DELETE /m HTTP/1.1", true},
            {"OPTIONS * HTTP/1.1", true},
            {"PATCH / HTTP/1.1", true},
            {"CONNECT a:25 HTTP/1.1", true},
            {"TRACE / HTTP/1.1", true},
            {"PRI * HTTP/2.0", true},
            {"get /", true},
            {"PROPFIND /dav HTTP/1.1", true}, // any other method, known by its end
            {"PROPFIND /dav HTTP/1", false},
            {"PROPFIND /dav HTTP/x.1", false},
            {"HTTP/1.1", false},
            {"NOOP HTTP/1.1", false}, // a command of ours may say what it likes
        };
        for (const auto& [line, expected] : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(line, expected, parseCommand(line).verb == Verb::Http);
    }

    void tlsHellosAreRecognized()
    {
        struct Row
        {
            const char* why;
            std::string octets;
            bool expected;
        };

        const std::vector<Row> rows{
            {"nothing", "", false},
            {"one octet does not decide", "\x16", false},
            {"TLS 1.0 record", std::string("\x16\x03\x01\x02\x00", 5), true},
            {"two octets decide", "\x16\x03", true},
            {"another version", "\x16\x02\x01", false},
            {"SSLv2 ClientHello", std::string("\x80\x2e\x01\x03\x01", 5), true},
            {"SSLv2, another message", std::string("\x80\x2e\x04", 3), false},
            {"SSLv2, too short to tell", "\x80\x2e", false},
            {"a command", "EHLO a", false},
            {"printable with TLS octets behind", "E\x03\x01", false},
            {"TLS alert", "\x15\x03\x01", false},
            {"a line of one octet, which may have been answered already", "\x80\n\x01", false},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, looksLikeTlsHello(row.octets));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CommandTest);
