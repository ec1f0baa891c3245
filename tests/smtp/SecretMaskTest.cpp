// What of a session may be written down. In the tables "secret" stands for what must not be.
#include "smtp/SecretMask.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using mpsmtp::smtp::SecretMask;

namespace
{

std::string shownOf(SecretMask& mask, std::string_view line)
{
    return std::string(line.substr(0, mask.visible(line)));
}

std::string shownOf(std::string_view line)
{
    SecretMask mask;
    return shownOf(mask, line);
}

} // namespace

class SecretMaskTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SecretMaskTest);
    CPPUNIT_TEST(singleLines);
    CPPUNIT_TEST(exchanges);
    CPPUNIT_TEST(replies);
    CPPUNIT_TEST_SUITE_END();

    void singleLines()
    {
        const struct
        {
            const char* why;
            std::string line;
            std::string shown;
        } rows[] = {
            {"a command", "MAIL FROM:<a@b> SIZE=1", "MAIL FROM:<a@b> SIZE=1"},
            {"an address is no secret", "RCPT TO:<auth@b>", "RCPT TO:<auth@b>"},
            {"nothing", "", ""},
            {"an initial response", "AUTH PLAIN secret", "AUTH PLAIN"},
            {"in small letters", "auth plain secret", "auth plain"},
            {"a tab, more blanks", "AUTH\tLOGIN  secret secret", "AUTH\tLOGIN"},
            {"no mechanism at all", "AUTH secret", "AUTH"},
            {"a mechanism that only begins so", "AUTH PLAINsecret", "AUTH"},
            {"a mechanism alone", "AUTH CRAM-MD5", "AUTH CRAM-MD5"},
            {"alone", "AUTH", "AUTH"},
            {"blanks in front", "  AUTH PLAIN secret", ""},
            {"no blank", "AUTHPLAIN secret", ""},
            {"an equals sign", "AUTH=PLAIN secret", ""},
            {"a NUL in front", std::string("\0AUTH PLAIN secret", 18), ""},
            {"a made-up verb", "XAUTH secret", ""},
            {"somewhere in it", "X secret auth", ""},
            {"POP3", "PASS secret", "PASS"},
            {"IMAP", "LOGIN user secret", "LOGIN"},
            {"IMAP with a tag", "a1 LOGIN user secret", ""},
            {"a word that is no verb", "dXNlcg== secret", ""},
            {"too long for a verb", "dXNlcmRXTmxjbQ", ""},
            {"a form sent to the wrong port", "POST /?p=secret HTTP/1.1", "POST"},
            {"MAIL's own parameter", "MAIL FROM:<a@b> AUTH=secret", "MAIL FROM:<a@b> AUTH="},
            {"in small letters", "mail from:<a@b> auth=secret", "mail from:<a@b> auth="},
            {"behind a tab", "MAIL FROM:<a@b>\tAUTH=secret", "MAIL FROM:<a@b>\tAUTH="},
            {"no blank before it", "MAIL FROM:<a@b>AUTH=secret", "MAIL FROM:<a@b>AUTH="},
            {"no brackets", "MAIL FROM:a@b AUTH=secret", "MAIL FROM:a@b AUTH="},
            {"a sender may be called so", "MAIL FROM:<auth=a@b>", "MAIL FROM:<auth=a@b>"},
            {"a client that ends lines with CR", "RSET\r\rAUTH PLAIN secret", ""},
            {"the same behind a blank", "EHLO x\rAUTH PLAIN secret", "EHLO x"},
            {"and in an address", "MAIL FROM:<a\r@b> AUTH=secret", "MAIL FROM:<a"},
            {"a question about it", "HELP AUTH PLAIN secret", "HELP AUTH"},
            {"what takes no address", "NOOP auth secret", "NOOP auth"},
            {"a host of that name", "EHLO auth.example.org", "EHLO auth.example.org"},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.shown, shownOf(row.line));
    }

    void exchanges()
    {
        using Turns = std::vector<std::pair<std::string, std::string>>; // line or >reply, shown

        const struct
        {
            const char* why;
            Turns turns;
        } rows[] = {
            {"every answer to a 334",
             {{"AUTH LOGIN", "AUTH LOGIN"},
              {">334 VXNlcm5hbWU6", "334 "},
              {"secret", ""},
              {">334 UGFzc3dvcmQ6", "334 "},
              {"secret", ""},
              {">235 2.7.0 Welcome, secret", "235 2.7.0"},
              {"MAIL FROM:<a@b>", "MAIL FROM:<a@b>"},
              {">250 2.1.0 Sender OK", "250 2.1.0 Sender OK"}}},
            {"an answer that looks like a command",
             {{"AUTH LOGIN", "AUTH LOGIN"}, {">334 ", "334 "}, {"HELP", ""}, {"QUIT", "QUIT"}}},
            {"a 334 without an AUTH that we understood",
             {{"NOOP", "NOOP"}, {">334 x", "334 "}, {"MAIL FROM:<secret@b>", ""}}},
            {"AUTH is refused, and the client goes on all the same",
             {{"AUTH LOGIN", "AUTH LOGIN"},
              {">502 5.5.1 Command not implemented", "502 5.5.1"},
              {"secret", ""},
              {">500 5.5.2 Command unrecognized: secret", "500 5.5.2"},
              {"secret", ""}}},
            {"the same behind other commands",
             {{"AUTH LOGIN", "AUTH LOGIN"},
              {">502 5.5.1 x", "502 5.5.1"},
              {"NOOP", "NOOP"},
              {">250 2.0.0 Ok", "250 2.0.0 Ok"},
              {"PASS secret", ""}}},
            {"AUTH stands in a line that was taken for another command",
             {{"NOOP\tx AUTH LOGIN", "NOOP\tx AUTH"}, {"secret", ""}}},
            {"AUTH is hidden behind a CR", {{"NOOP x\rAUTH LOGIN", "NOOP x"}, {"secret", ""}}},
            {"AUTH was misspelt", {{"AUHT LOGIN", "AUHT"}, {"XAUTH LOGIN", ""}, {"secret", ""}}},
        };

        for (const auto& row : rows)
        {
            SecretMask mask;
            for (const auto& [text, shown] : row.turns)
            {
                const bool isReply = text[0] == '>';
                const std::string_view line = std::string_view(text).substr(isReply ? 1 : 0);
                const std::string seen = isReply
                                             ? std::string(line.substr(0, mask.visibleReply(line)))
                                             : shownOf(mask, line);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(row.why) + ": " + text, shown, seen);
            }
        }
    }

    void replies()
    {
        const struct
        {
            const char* why;
            std::string line;
            std::string shown;
        } rows[] = {
            {"code and enhanced code", "535 5.7.8 secret", "535 5.7.8"},
            {"more lines", "535-5.7.8 secret", "535-5.7.8"},
            {"no enhanced code", "535 secret", "535 "},
            {"digits that are none", "535 5.7 secret", "535 "},
            {"a code alone", "535", "535"},
            {"nothing", "", ""},
        };

        for (const auto& row : rows)
        {
            SecretMask mask;
            (void)mask.visible("AUTH PLAIN secret");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.shown, row.line.substr(0, mask.visibleReply(row.line)));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SecretMaskTest);
