// The Received field: its clauses, its folding, and that a client cannot break it.
#include "smtp/Trace.h"

#include "smtp/Printable.h"

#include <cppunit/extensions/HelperMacros.h>

#include <functional>
#include <vector>

using namespace mpsmtp::smtp;

namespace
{

const std::string date = "Thu, 1 Jan 1970 00:00:00 +0000";

SessionInfo session()
{
    SessionInfo info;
    info.clientAddress = "192.0.2.1";
    info.hostname = "mx.example";
    info.helo = "client.example";
    info.esmtp = true;
    return info;
}

Recipient recipient(const std::string& address)
{
    Recipient result;
    result.path.address = address;
    return result;
}

Envelope envelope()
{
    Envelope result;
    result.id = "1a2b";
    result.recipients.push_back(recipient("ann@b.example"));
    return result;
}

std::string field(const SessionInfo& info, const Envelope& mail)
{
    std::string made = "what was there before";
    makeReceivedField(info, mail, std::chrono::system_clock::time_point(), made);
    return made;
}

// Folding undone: one line without CRLF.
std::string unfolded(std::string text)
{
    for (std::size_t fold = text.find("\r\n\t"); fold != text.npos; fold = text.find("\r\n\t"))
        text.replace(fold, 3, " ");
    CPPUNIT_ASSERT(text.size() >= 2 && text.substr(text.size() - 2) == "\r\n");
    return text.substr(0, text.size() - 2);
}

std::size_t longestLine(const std::string& text)
{
    std::size_t longest = 0;
    for (std::size_t begin = 0; begin < text.size();)
    {
        const std::size_t end = text.find("\r\n", begin);
        longest = std::max(longest, end - begin);
        begin = end + 2;
    }
    return longest;
}

} // namespace

class TraceTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(TraceTest);
    CPPUNIT_TEST(aPlainTransaction);
    CPPUNIT_TEST(protocolsAreNamed);
    CPPUNIT_TEST(clientsAreNamed);
    CPPUNIT_TEST(heloThatIsNoDomainGoesIntoAComment);
    CPPUNIT_TEST(onlyOneRecipientIsNamed);
    CPPUNIT_TEST(nonAsciiNeedsSmtpUtf8);
    CPPUNIT_TEST(oddIdsAndHostnamesAreLeftOut);
    CPPUNIT_TEST(linesAreFolded);
    CPPUNIT_TEST(noHeloBreaksTheField);
    CPPUNIT_TEST_SUITE_END();

public:
    void aPlainTransaction()
    {
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "Received: from client.example ([192.0.2.1]) by mx.example with ESMTP id 1a2b\r\n"
                "\tfor <ann@b.example>; Thu, 1 Jan 1970 00:00:00 +0000\r\n"),
            field(session(), envelope()));
    }

    void protocolsAreNamed()
    {
        SessionInfo info = session();
        Envelope mail = envelope();
        mail.smtpUtf8 = true;
        CPPUNIT_ASSERT(unfolded(field(info, mail)).find(" with UTF8SMTP id ") != std::string::npos);
        mail.smtpUtf8 = false;
        info.esmtp = false;
        CPPUNIT_ASSERT(unfolded(field(info, mail)).find(" with SMTP id ") != std::string::npos);
    }

    void clientsAreNamed()
    {
        const std::vector<std::pair<std::string, std::string>> rows{
            {"192.0.2.1", "from client.example ([192.0.2.1]) by"},
            {"2001:db8::1", "from client.example ([IPv6:2001:db8::1]) by"},
            {"::1", "from client.example ([IPv6:::1]) by"},
            {"unix", "from client.example (unix) by"},
            {"", "from client.example (unix) by"},
            {"fe80::1%eth)0",
             "from client.example (unix) by"}, // nothing that breaks a comment gets through
        };
        for (const auto& [address, expected] : rows)
        {
            SessionInfo info = session();
            info.clientAddress = address;
            const std::string text = unfolded(field(info, envelope()));
            CPPUNIT_ASSERT_MESSAGE(text, text.find(expected) != std::string::npos);
        }
    }

    void heloThatIsNoDomainGoesIntoAComment()
    {
        struct Row
        {
            const char* why;
            std::string helo;
            std::string expected;
        };

        const std::vector<Row> rows{
            {"domain", "a.example", "from a.example ([192.0.2.1]) by"},
            {"address literal", "[192.0.2.9]", "from [192.0.2.9] ([192.0.2.1]) by"},
            {"underscore", "web_1", "from unknown ([192.0.2.1]) (helo web_1) by"},
            {"IPv6 address", "::1", "from unknown ([192.0.2.1]) (helo ::1) by"},
            {"comment in the name",
             "a)b(c\\",
             "from unknown ([192.0.2.1]) (helo a\\)b\\(c\\\\x5C) by"},
            {"line end", "a\r\nX: y", "from unknown ([192.0.2.1]) (helo a\\\\x0D\\\\x0AX: y) by"},
            {"semicolon", "a;b", "from unknown ([192.0.2.1]) (helo a;b) by"},
            {"none", "", "from unknown ([192.0.2.1]) by"},
        };
        for (const Row& row : rows)
        {
            SessionInfo info = session();
            info.helo = row.helo;
            const std::string text = unfolded(field(info, envelope()));
            CPPUNIT_ASSERT_MESSAGE(row.why + (": " + text),
                                   text.find(row.expected) != std::string::npos);
        }
    }

    void onlyOneRecipientIsNamed()
    {
        Envelope mail = envelope();
        CPPUNIT_ASSERT(field(session(), mail).find("for <ann@b.example>;") != std::string::npos);
        mail.recipients.push_back(recipient("bob@b.example"));
        CPPUNIT_ASSERT_EQUAL(
            "Received: from client.example ([192.0.2.1]) by mx.example with ESMTP id 1a2b; " + date,
            unfolded(field(session(), mail)));
        mail.recipients.clear();
        CPPUNIT_ASSERT(unfolded(field(session(), mail)).find(" for ") == std::string::npos);
    }

    void nonAsciiNeedsSmtpUtf8()
    {
        SessionInfo info = session();
        info.helo = "b\xc3\xbc"
                    "cher.example";
        Envelope mail = envelope();
        mail.recipients.front() = recipient("j\xc3\xb6rg@b.example");
        const std::string ascii = unfolded(field(info, mail));
        CPPUNIT_ASSERT_EQUAL(
            "Received: from unknown ([192.0.2.1]) (helo b\\\\xC3\\\\xBCcher.example) by mx.example "
            "with ESMTP id 1a2b; " +
                date,
            ascii);
        mail.smtpUtf8 = true;
        CPPUNIT_ASSERT_EQUAL("Received: from b\xc3\xbc"
                             "cher.example ([192.0.2.1]) by mx.example with UTF8SMTP "
                             "id 1a2b for <j\xc3\xb6rg@b.example>; " +
                                 date,
                             unfolded(field(info, mail)));
    }

    void oddIdsAndHostnamesAreLeftOut()
    {
        SessionInfo info = session();
        info.hostname = "my host";
        Envelope mail = envelope();
        mail.id = "a;b";
        CPPUNIT_ASSERT_EQUAL("Received: from client.example ([192.0.2.1]) by unknown with ESMTP "
                             "for <ann@b.example>; " +
                                 date,
                             unfolded(field(info, mail)));
    }

    void linesAreFolded()
    {
        SessionInfo info = session();
        const std::string base = field(info, envelope());
        // Whatever the lengths, no line that can be folded is longer than 78 octets (a fold's tab
        // counts as 8 columns).
        for (std::size_t length = 1; length <= 60; ++length)
        {
            info.helo = std::string(length, 'a');
            Envelope mail = envelope();
            mail.recipients.front() = recipient(std::string(length, 'r') + "@d");
            const std::string text = field(info, mail);
            CPPUNIT_ASSERT_MESSAGE(text, longestLine(text) <= 78);
        }
        CPPUNIT_ASSERT(longestLine(base) <= 78);
    }

    // RFC 5322 in small: printable, folded only by CRLF HTAB, comments closed, one semicolon before
    // the date.
    void noHeloBreaksTheField()
    {
        for (int value = 0; value < 256; ++value)
        {
            for (const std::size_t count : {1u, 255u, 4000u})
            {
                SessionInfo info = session();
                info.helo = std::string(count, static_cast<char>(value));
                for (const bool smtpUtf8 : {false, true})
                {
                    Envelope mail = envelope();
                    mail.smtpUtf8 = smtpUtf8;
                    const std::string text = field(info, mail);
                    CPPUNIT_ASSERT_MESSAGE(text, longestLine(text) <= 998);
                    const std::string line = unfolded(text);
                    for (const char octet : line)
                        CPPUNIT_ASSERT(octet >= ' ' && octet <= '~');
                    CPPUNIT_ASSERT_EQUAL(
                        1, commentsIn(line) - (line.find("(helo") == line.npos ? 0 : 1));
                    CPPUNIT_ASSERT_EQUAL("; " + date, line.substr(line.rfind(';')));
                }
            }
        }
    }

private:
    // Number of comments, or -1 if one is not closed or closed twice.
    static int commentsIn(const std::string& line)
    {
        int depth = 0;
        int count = 0;
        for (std::size_t i = 0; i < line.size(); ++i)
        {
            if (line[i] == '\\')
                ++i;
            else if (line[i] == '(' && depth++ == 0)
                ++count;
            else if (line[i] == ')' && --depth < 0)
                return -1;
        }
        return depth == 0 ? count : -1;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TraceTest);
