// Transcripts: what an admin reads of a chosen session, and that no password is ever in one, however its octets came.
#include "app/Transcript.h"

#include "smtp/Dialog.h"
#include "smtp/Feeding.h"
#include "smtp/MessageSink.h"

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <string_view>
#include <vector>

using namespace mpsmtp;
using app::Transcript;
using app::transcripts;

namespace
{

class Lines : public Poco::Channel
{
public:
    void log(const Poco::Message& message) override { text += message.getText() + '\n'; }

    std::string text;
};

/// Takes every mail and forgets it.
class Hole : public smtp::MessageSink
{
public:
    using Refusal = std::optional<smtp::Reply>;

    Refusal begin(const smtp::SessionInfo&, smtp::Envelope&) override { return {}; }

    Refusal
    recipient(const smtp::SessionInfo&, const smtp::Envelope&, const smtp::Recipient&) override
    {
        return {};
    }

    Refusal open(const smtp::SessionInfo&, const smtp::Envelope&) override { return {}; }

    smtp::Buffer writable() override { return {_room, sizeof _room}; }

    bool written(std::size_t) override { return true; }

    smtp::Reply complete(const smtp::SessionInfo&, const smtp::Envelope&) override
    {
        return {250, "2.0.0", "Ok"};
    }

    [[nodiscard]] bool hasWorkAfterReply() const noexcept override { return false; }

    void replied() override {}

    void drop(const smtp::SessionInfo&, const smtp::Envelope&, const smtp::Reply*) override {}

private:
    char _room[1000] = {};
};

smtp::SessionInfo sessionOf(const std::string& client)
{
    smtp::SessionInfo info;
    info.id = 12;
    info.clientAddress = client;
    info.listener = "main";
    info.hostname = "mx.test";
    return info;
}

} // namespace

class TranscriptTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(TranscriptTest);
    CPPUNIT_TEST(itReadsLikeTheDialog);
    CPPUNIT_TEST(noPasswordIsWrittenHoweverItComes);
    CPPUNIT_TEST(linesAreBoundedAndPrintable);
    CPPUNIT_TEST(mailThatBreaksOffSaysSo);
    CPPUNIT_TEST(onlyChosenSessionsHaveOne);
    CPPUNIT_TEST(aLevelAboveItSwitchesItOff);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _lines = new Lines;
        _logger.setChannel(_lines);
        _logger.setLevel(Poco::Message::PRIO_INFORMATION);
    }

    void tearDown() override { _logger.setChannel(nullptr); }

private:
    void itReadsLikeTheDialog()
    {
        CPPUNIT_ASSERT_EQUAL(
            std::string("session 12 of 192.0.2.1 at main begins\n"
                        "session 12 S: 220 mx.test ESMTP mpsmtpd\n"
                        "session 12 C: HELO x\n"
                        "session 12 S: 250 mx.test greets 192.0.2.1\n"
                        "session 12 C: AUTH PLAIN (masked)\n"
                        "session 12 S: 502 5.5.1 (masked)\n"
                        "session 12 C: MAIL FROM:<a@b.c>\n"
                        "session 12 S: 250 2.1.0 Sender OK\n"
                        "session 12 C: RCPT TO:<d@e.f>\n"
                        "session 12 S: 250 2.1.5 Recipient OK\n"
                        "session 12 C: DATA\n"
                        "session 12 S: 354 Send the message, end it with <CRLF>.<CRLF>\n"
                        "session 12 C: (1,002 octets of mail data)\n"
                        "session 12 S: 250 2.0.0 Ok\n"
                        "session 12 C: QUIT\n"
                        "session 12 S: 221 2.0.0 mx.test closing connection\n"
                        "session 12 ends\n"),
            transcriptOf({"HELO x\r\nAUTH PLAIN c2VjcmV0\r\nMAIL FROM:<a@b.c>\r\n"
                          "RCPT TO:<d@e.f>\r\nDATA\r\n",
                          std::string(1000, 'x') + "\r\n.\r\nQUIT\r\n"}));
    }

    void noPasswordIsWrittenHoweverItComes()
    {
        const struct
        {
            const char* why;
            std::string input;
        } rows[] = {
            {"an initial response", "AUTH PLAIN SECRET\r\nQUIT\r\n"},
            {"a dialog that the client only believes in",
             "AUTH LOGIN\r\nSECRET\r\nSECRET\r\nQUIT\r\n"},
            {"a bare LF", "AUTH LOGIN\nSECRET\nQUIT\n"},
            {"a CR in it", "AUTH PLAIN\rSECRET\r\nAUTH\rSECRET\r\n"},
            {"in MAIL", "HELO x\r\nMAIL FROM:<a@b> AUTH=SECRET\r\n"},
            {"in mail data",
             "HELO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nSECRET\r\n.\r\nQUIT\r\n"},
            {"in a chunk",
             "HELO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nBDAT 6\r\nSECRETBDAT 6 "
             "LAST\r\nSECRET"},
            {"a chunk before its time", "HELO x\r\nBDAT 6\r\nSECRETQUIT\r\n"},
            {"too long for a line", "AUTH PLAIN SECRET" + std::string(5000, 'x') + "SECRET\r\n"},
            {"no end of the line", "AUTH PLAIN SECRET"},
            {"another protocol", "USER SECRET\r\nPASS SECRET\r\n"},
        };

        for (const auto& row : rows)
            for (const feeding::Pieces& pieces : feeding::waysToFeed(row.input.substr(0, 300)))
                assertNoSecret(row.why, transcriptOf(pieces));
        for (const auto& row : rows)
            assertNoSecret(row.why, transcriptOf({row.input}));
    }

    static void assertNoSecret(const char* why, const std::string& text)
    {
        CPPUNIT_ASSERT_MESSAGE(std::string(why) + ":\n" + text,
                               text.find("SECRET") == std::string::npos);
    }

    void linesAreBoundedAndPrintable()
    {
        const std::string text = transcriptOf(
            {"NOOP " + std::string(3000, 'x') + "\r\nNOOP \x7f[2J\xff\r\nNOOP a\x1b[2J\r\n"});
        CPPUNIT_ASSERT_MESSAGE(text,
                               text.find("C: NOOP " + std::string(507, 'x') +
                                         "… (3,005 octets)\n") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(text, text.find("C: NOOP \\x7F[2J\\xFF\n") != std::string::npos);
        // Behind a control character another command may stand: SecretMask.
        CPPUNIT_ASSERT_MESSAGE(text, text.find("C: NOOP a (masked)\n") != std::string::npos);
    }

    void mailThatBreaksOffSaysSo()
    {
        const std::string text = transcriptOf(
            {"HELO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n", "half a line"});
        CPPUNIT_ASSERT_MESSAGE(
            text,
            text.find("C: (11 octets of mail data, and no end)\nsession 12 ends\n") !=
                std::string::npos);
    }

    void onlyChosenSessionsHaveOne()
    {
        const struct
        {
            const char* why;
            std::vector<std::string> items;
            std::string client;
            bool isChosen;
        } rows[] = {
            {"an address", {"192.0.2.1"}, "192.0.2.1", true},
            {"another", {"192.0.2.1"}, "192.0.2.2", false},
            {"a network", {"198.51.100.0/24", "192.0.2.0/24"}, "192.0.2.2", true},
            {"IPv6", {"2001:db8::/32"}, "2001:db8::1", true},
            {"all of IPv4", {"0.0.0.0/0"}, "2001:db8::1", false},
            {"a Unix socket", {"unix"}, "unix", true},
            {"no address", {"0.0.0.0/0", "::/0"}, "unix", false},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.isChosen, transcripts(row.items)(sessionOf(row.client)) != nullptr);
        CPPUNIT_ASSERT(!transcripts({})); // not even a call for each session
    }

    void aLevelAboveItSwitchesItOff()
    {
        _logger.setLevel(Poco::Message::PRIO_NOTICE);
        CPPUNIT_ASSERT_EQUAL(std::string(), transcriptOf({"QUIT\r\n"}));
    }

    std::string transcriptOf(const feeding::Pieces& pieces)
    {
        _lines->text.clear();
        const auto session = sessionOf("192.0.2.1");
        {
            const smtp::SessionOptions options;
            Hole hole;
            Transcript transcript(_logger, session);
            smtp::Dialog dialog(options, session, hole);
            dialog.observe(&transcript);
            dialog.greet();
            for (const std::string& piece : pieces)
            {
                dialog.clearOutput();
                dialog.feed(piece);
            }
            dialog.clearOutput();
        }
        return _lines->text;
    }

    Poco::Logger& _logger = Poco::Logger::get("transcript");
    Poco::AutoPtr<Lines> _lines;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TranscriptTest);
