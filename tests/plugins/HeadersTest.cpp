// The handler `headers`: its rules, their order, and what a hostile client can do to a value.
#include "headers/HeadersHandler.h"

#include "headers/Folding.h"

#include "plugins/TestFolder.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace mpsmtp;
using namespace mpsmtp::headers;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;
using mpsmtp::test::TestMail;

namespace
{

using Options = std::map<std::string, std::string>;

Options withDefaults(Options options)
{
    options.emplace("remove", "");
    return options;
}

/// What becomes of `mail`'s header with these options.
std::string edited(const Options& options)
{
    TestHost host(withDefaults(options));
    host.stopClock(std::chrono::seconds(1'767'225'600)); // 2026-01-01 00:00:00 UTC
    TestMail mail(host);
    mail.header("From", " a@a.example").header("X-Spam", " 1").header("Subject", " hello");
    mail.header("X-Spam-Score", " 9").header("x-spam", " 2");
    mail.rcpt("ben").rcpt("donna", "example.net").identity("ben");
    HeadersHandler handler(host.context());
    return mail.headerEditedBy(handler);
}

/// The value of an added field, with CRLF as LF.
std::string valueFor(const std::string& helo, const std::string& text = "%{helo}")
{
    TestHost host(withDefaults({{"add", "X: " + text}}));
    TestMail mail(host);
    HeadersHandler handler(host.context());
    return mail.helo(helo).headerEditedBy(handler);
}

std::string mistakesOf(const Options& options)
{
    TestHost host(withDefaults(options));
    try
    {
        const HeadersHandler handler(host.context());
    }
    catch (const std::runtime_error& error)
    {
        return error.what();
    }
    return "";
}

std::string spaced(std::size_t words, const std::string& word)
{
    std::string text;
    for (std::size_t i = 0; i < words; ++i)
        text.append(i == 0 ? "" : " ").append(word);
    return text;
}

std::vector<std::string> linesOf(const std::string& text)
{
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin <= text.size();)
    {
        const auto end = std::min(text.find("\r\n", begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 2;
    }
    return lines;
}

constexpr const char* original =
    "From: a@a.example\nX-Spam: 1\nSubject: hello\nX-Spam-Score: 9\nx-spam: 2\n";

} // namespace

class HeadersTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(HeadersTest);
    CPPUNIT_TEST(rulesEditTheHeader);
    CPPUNIT_TEST(aFileHoldsAnyNumberOfRules);
    CPPUNIT_TEST(placeholdersAreFilledIn);
    CPPUNIT_TEST(whatAClientSaysStaysInItsLine);
    CPPUNIT_TEST(globsMatchNames);
    CPPUNIT_TEST(longValuesAreFolded);
    CPPUNIT_TEST(allMistakesAreToldAtOnce);
    CPPUNIT_TEST_SUITE_END();

public:
    void rulesEditTheHeader()
    {
        struct Row
        {
            const char* why;
            Options options;
            std::string expected;
        };

        const std::vector<Row> rows{
            {"nothing to do", {{"remove", "Bcc"}}, original},
            {"a name goes wherever it stands, in any case",
             {{"remove", "x-SPAM"}},
             "From: a@a.example\nSubject: hello\nX-Spam-Score: 9\n"},
            {"names by their beginning", {{"remove", "X-Spam*\nFrom"}}, "Subject: hello\n"},
            {"an added field stands on top",
             {{"add", "X-New: yes"}},
             "X-New: yes\n" + std::string(original)},
            {"an added field leaves those of its name",
             {{"add", "Subject: two"}},
             "Subject: two\n" + std::string(original)},
            {"a set field takes the first one's place",
             {{"set", "X-SPAM: 0"}},
             "From: a@a.example\nX-Spam: 0\nSubject: hello\nX-Spam-Score: 9\n"},
            {"a set field that was not there stands on top",
             {{"set", "X-New: yes"}},
             "X-New: yes\n" + std::string(original)},
            {"what is set is not removed, and set goes above what is added",
             {{"remove", "X-*\nSubject"}, {"set", "X-Spam: no"}, {"add", "X-Spam: add"}},
             "X-Spam: no\nX-Spam: add\nFrom: a@a.example\n"},
            {"the whole header", {{"remove", "*"}, {"add", "A: b"}}, "A: b\n"},
            {"an empty value", {{"add", "A:"}}, "A: \n" + std::string(original)}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, edited(row.options));
    }

    void aFileHoldsAnyNumberOfRules()
    {
        const TestFolder folder;
        test::writeFile(folder / "rules",
                        "# ours\n\n"
                        "add A: 1, 2 # and no comment\r\n"
                        "  remove   X-Spam , X-Spam-?core\n"
                        "set Subject: changed\n"
                        "add B: 2\n"
                        "set From: x@x.example");
        CPPUNIT_ASSERT_EQUAL(std::string("A: 1, 2 # and no comment\nB: 2\nC: 3\n"
                                         "From: x@x.example\nSubject: changed\n"),
                             edited({{"file", folder / "rules"}, {"add", "C: 3"}}));
    }

    void placeholdersAreFilledIn()
    {
        struct Row
        {
            const char* why;
            std::string value;
            std::string expected;
        };

        const std::vector<Row> rows{
            {"address of the client", "%{client}", "192.0.2.1"},
            {"what it calls itself", "%{helo}", "client.example"},
            {"reverse-path", "<%{sender}>", "<sender@example.org>"},
            {"transaction", "%{id}", "4711-1"},
            {"listener", "%{listener}", "main"},
            {"now, in UTC", "%{date}", "Thu, 01 Jan 2026 00:00:00 +0000"},
            {"who has logged in", "%{auth}", "ben"},
            {"all recipients", "%{rcpt}", "ben@example.com, donna@example.net"},
            {"a percent sign", "100%%", "100%"},
            {"one in front of a brace", "%%{id}", "%{id}"},
            {"several", "%{helo}[%{client}] 5%%", "client.example[192.0.2.1] 5%"}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why,
                                         "X: " + row.expected + "\n" + original,
                                         edited({{"add", "X: " + row.value}}));
    }

    void whatAClientSaysStaysInItsLine()
    {
        using namespace std::string_literals;

        struct Row
        {
            const char* why;
            std::string helo;
            std::string expected;
        };

        const std::vector<Row> rows{
            {"another field", "a\r\nBcc: eve@e.example", "X: a Bcc: eve@e.example\n"},
            {"the end of the header", "a\r\n\r\nbody", "X: a body\n"},
            {"bare line ends", "a\nb\rc", "X: a b c\n"},
            {"NUL and other controls", "a\0b\x1b[0m\x7f"s, "X: a?b?[0m?\n"},
            {"nothing but line ends", "\r\n\r\n", "X: \n"},
            {"a template of its own", "%{rcpt}%", "X: %{rcpt}%\n"},
            {"eight bits", "j\xc3\xb6rg.example", "X: j\xc3\xb6rg.example\n"}};
        for (const Row& row : rows)
        {
            const std::string header = valueFor(row.helo);
            // Several blanks are one place to fold, and stay as they are.
            std::string squeezed;
            for (const char c : header)
                if (c != ' ' || squeezed.empty() || squeezed.back() != ' ' || squeezed == "X: ")
                    squeezed += c;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, squeezed);
        }
    }

    void globsMatchNames()
    {
        struct Row
        {
            const char* why;
            std::string name;
            std::string glob;
            bool expected;
        };

        const std::vector<Row> rows{
            {"same", "subject", "subject", true},
            {"any case of the name", "SubJect", "subject", true},
            {"longer", "subjects", "subject", false},
            {"shorter", "subjec", "subject", false},
            {"a beginning", "X-Spam", "x-*", true},
            {"a star for nothing", "X-", "x-*", true},
            {"an end", "X-Spam-Score", "*-score", true},
            {"a star that has to go back", "X-Score-X-Scope", "x-*-scope", true},
            {"two stars", "X-Spam-Score", "x*spam*", true},
            {"stars in a row", "X", "**x**", true},
            {"one octet", "X-1", "x-?", true},
            {"no octet", "X-", "x-?", false},
            {"no match at the end", "X-Spam", "x-*y", false}};
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, matchesGlob(row.name, row.glob));
        const std::string bad(200, 'a');
        CPPUNIT_ASSERT(!matchesGlob(bad, "*a*a*a*a*a*a*a*a*a*a*a*a*a*b")); // and this century
    }

    void longValuesAreFolded()
    {
        struct Row
        {
            const char* why;
            std::string value;
            std::size_t lines;
            std::size_t longest;
        };

        const std::string umlauts = []
        {
            std::string text;
            for (int i = 0; i < 1000; ++i)
                text += "\xc3\xb6";
            return text;
        }();
        const std::vector<Row> rows{
            {"fits", spaced(6, "123456789") + " 12345678", 1, 78},
            {"one octet more", spaced(7, "123456789"), 2, 78},
            {"many words", spaced(100, "123456789"), 15, 78},
            {"a long word has a line of its own", "a " + std::string(500, 'x') + " b", 3, 502},
            {"too long a word is cut", std::string(2500, 'x'), 3, 998},
            {"not inside a character", umlauts, 3, 998},
            {"many blanks", "a" + std::string(200, ' ') + "b", 2, 79}};
        for (const Row& row : rows)
        {
            const auto lines = linesOf(folded("X-Header", row.value));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.lines, lines.size());
            for (std::size_t i = 0; i < lines.size(); ++i)
            {
                const std::size_t octets =
                    lines[i].size() + (i == 0 ? std::string("X-Header: ").size() : 0);
                CPPUNIT_ASSERT_MESSAGE(row.why, octets <= row.longest);
                CPPUNIT_ASSERT_MESSAGE(row.why, i == 0 || lines[i].front() == ' ');
                CPPUNIT_ASSERT_MESSAGE(row.why,
                                       lines[i].find_first_not_of(" \t") != std::string::npos);
                CPPUNIT_ASSERT_MESSAGE(row.why,
                                       lines[i].back() != '\xc3' &&
                                           lines[i].find(" \xb6") == std::string::npos);
            }
        }
    }

    void allMistakesAreToldAtOnce()
    {
        const TestFolder folder;
        const std::string path = folder / "rules";
        test::writeFile(
            path,
            "delete X\nset : x\nadd A b: c\nadd A: %{nothing}\nset S: 1\nset s: 2\nremove a,,b\n");
        CPPUNIT_ASSERT_EQUAL(
            path + ":1: \"delete\" is not remove, set or add\n" + path +
                ":2: \": x\" is no header field: write Name: value\n" + path +
                ":3: \"A b: c\" is no header field: write Name: value\n" + path +
                ":4: A: %{nothing} is not %{client}, %{helo}, %{sender}, %{id}, %{listener}, "
                "%{date}, %{auth} or %{rcpt}\n" +
                path + ":6: \"s\" is set twice\n" + path + ":7: \"\" is no field name\n" +
                "set: \"no colon\" is no header field: write Name: value\n"
                "add: A: a \"%\" is neither \"%%\" nor the start of \"%{…}\"\n"
                "remove: \"X Y\" is no field name",
            mistakesOf({{"file", path}, {"set", "no colon"}, {"add", "A: 5%"}, {"remove", "X Y"}}));
        CPPUNIT_ASSERT_EQUAL(std::string("no rule: write one of remove, set, add and file"),
                             mistakesOf({}));
        CPPUNIT_ASSERT_EQUAL(std::string("cannot read /nowhere: No such file or directory"),
                             mistakesOf({{"file", "/nowhere"}}));
        CPPUNIT_ASSERT_EQUAL(
            std::string("add: A: a \"%\" is neither \"%%\" nor the start of \"%{…}\""),
            mistakesOf({{"add", "A: %{id"}}));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HeadersTest);
