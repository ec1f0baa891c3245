// SMTP smuggling (CVE-2023-51764, -51765, -51766): whatever stands around a dot in mail data, one submission is one
// message or a refusal, never two. Only CRLF.CRLF ends the data (RFC 5321 4.1.1.4). tests/system/test_smuggling.py does the
// same over sockets and looks into the stores.
#include "smtp/Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <string>
#include <vector>

using namespace mpsmtp::smtp;

namespace
{

using namespace std::string_view_literals;

constexpr std::array lineEnds = {""sv,
                                 "\r\n"sv,
                                 "\n"sv,
                                 "\r"sv,
                                 "\r\r\n"sv,
                                 "\n\r"sv,
                                 "\n\n"sv,
                                 "\r\r"sv,
                                 "\r\n\r"sv,
                                 "\r\n\n"sv,
                                 "\r\0\n"sv,
                                 "\0\r\n"sv,
                                 "\r\n\0"sv,
                                 "\r\n "sv,
                                 " \r\n"sv,
                                 "\x85"sv,
                                 "\xE2\x80\xA8"sv,
                                 "\x0B"sv,
                                 "\x0C"sv};

constexpr std::string_view smuggled = "MAIL FROM:<evil@a.com>\r\nRCPT TO:<victim@a.com>\r\n"
                                      "DATA\r\nsmuggled\r\n.\r\n";

/// Each class of what was published, with its reason. `dot` is what stands in place of the dot.
struct Published
{
    const char* why;
    std::string_view before;
    std::string_view dot;
    std::string_view after;
};

constexpr std::array published{
    Published{
        "a server that takes LF for a line end ends here (CVE-2023-51764)", "\n"sv, "."sv, "\n"sv},
    Published{"as sent by relays that look for CRLF only", "\n"sv, "."sv, "\r\n"sv},
    Published{"a line end is judged by its LF behind the dot", "\r\n"sv, "."sv, "\n"sv},
    Published{"CR alone is a line end to some (CVE-2023-51765)", "\r"sv, "."sv, "\r"sv},
    Published{"CR in front, CRLF behind", "\r"sv, "."sv, "\r\n"sv},
    Published{"CRLF in front, CR behind (CVE-2023-51766)", "\r\n"sv, "."sv, "\r"sv},
    Published{"a NUL that a C string ends at, in front", "\r\n\0"sv, "."sv, "\r\n"sv},
    Published{"and behind", "\r\n"sv, "."sv, "\0\r\n"sv},
    Published{"CRs that a server throws away", "\r\r\n"sv, "."sv, "\r\r\n"sv},
    Published{"two LFs for one CRLF", "\n\n"sv, "."sv, "\r\n"sv},
    Published{"a doubled dot is a dot, and no end", "\r\n"sv, ".."sv, "\r\n"sv},
    Published{"also behind a bare LF, where nothing is doubled", "\n"sv, ".."sv, "\n"sv},
    Published{"a doubled dot across a bare CR", "\r\n"sv, ".\r."sv, "\r\n"sv},
    Published{"blanks that a server trims", "\r\n"sv, " . "sv, "\r\n"sv},
    Published{"blank behind the dot", "\r\n"sv, ". "sv, "\r\n"sv}};

/// Every string of up to three octets out of CR, LF and NUL.
std::vector<std::string> mixes()
{
    std::vector<std::string> all{""};
    for (std::size_t i = 0; i < all.size(); ++i)
        for (const char octet : "\r\n\0"sv)
            if (all[i].size() < 3)
                all.push_back(all[i] + octet);
    return all;
}

bool endsIn(std::string_view text, std::string_view end)
{
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Where the octets behind the end of `data` begin, or npos: RFC 5321 4.1.1.4 as it stands there.
std::size_t behindEndOf(const std::string& data)
{
    const std::size_t found = ("\r\n" + data).find("\r\n.\r\n");
    return found == std::string::npos ? found : found + 3;
}

/// RFC 5321 4.5.2: one dot less at the beginning of each line.
std::string withoutTransparency(const std::string& data)
{
    std::string text = "\r\n" + data;
    for (std::size_t at = 0; (at = text.find("\r\n.", at)) != std::string::npos; at += 2)
        text.erase(at + 2, 1);
    return text.substr(2);
}

/// The one thing that ends mail data.
bool isEndOfData(std::string_view before, std::string_view after)
{
    return endsIn(before, "\r\n") && after.substr(0, 2) == "\r\n";
}

} // namespace

class SmugglingTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SmugglingTest);
    CPPUNIT_TEST(nothingButCrLfDotCrLfEndsTheData);
    CPPUNIT_TEST(keptMailIsKeptToTheOctet);
    CPPUNIT_TEST(everyMixEndsWhereTheFirstCrLfDotCrLfIs);
    CPPUNIT_TEST(publishedEndsAreNoEndsWhereverTheyAreCut);
    CPPUNIT_TEST(inChunksEveryMixIsData);
    CPPUNIT_TEST_SUITE_END();

public:
    void nothingButCrLfDotCrLfEndsTheData()
    {
        for (const auto policy : {BareNewline::Keep, BareNewline::Normalize, BareNewline::Reject})
            for (const std::string_view before : lineEnds)
                for (const std::string_view after : lineEnds)
                    for (const std::size_t piece : {std::size_t(1), std::string::npos})
                        if (!isEndOfData(before, after))
                            checkOneMessageOrNone(policy, before, after, piece);
    }

    void keptMailIsKeptToTheOctet()
    {
        for (const std::string_view before : lineEnds)
            for (const std::string_view after : lineEnds)
            {
                if (isEndOfData(before, after))
                    continue;
                // A dot at a line start is transparency's, whatever is behind it.
                const std::string dot = endsIn(before, "\r\n") ? "" : ".";
                const std::string expected =
                    "body" + std::string(before) + dot + std::string(after) + "rest\r\n";
                Conversation conversation;
                (void)conversation.send(submission(before, after) + "rest\r\n.\r\n");
                CPPUNIT_ASSERT(expected == conversation.sink.messages.at(0).data);
            }
    }

    /// What stands behind a real end are commands: then a second mail is no smuggled one.
    void everyMixEndsWhereTheFirstCrLfDotCrLfIs()
    {
        for (const std::string& before : mixes())
            for (const std::string& after : mixes())
                for (const char* dot : {".", ".."})
                    for (const auto policy :
                         {BareNewline::Keep, BareNewline::Normalize, BareNewline::Reject})
                        for (const std::size_t piece : {std::size_t(1), std::string::npos})
                            checkFirstMessage(policy,
                                              "body" + before + dot + after + std::string(smuggled),
                                              piece);
    }

    void publishedEndsAreNoEndsWhereverTheyAreCut()
    {
        for (const auto& [why, before, dot, after] : published)
        {
            const std::string lead = "body" + std::string(before) + std::string(dot);
            const std::string data = lead + std::string(after) + std::string(smuggled);
            for (std::size_t at = 0; at <= data.size(); ++at)
            {
                Conversation conversation;
                (void)conversation.send(std::string(envelope) + "DATA\r\n");
                std::string replies = conversation.send(data.substr(0, at));
                replies += conversation.send(data.substr(at) + "QUIT\r\n");
                CPPUNIT_ASSERT_EQUAL_MESSAGE(why, std::string("250 221"), codes(replies));
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    why, std::size_t(1), conversation.sink.messages.size());
            }
        }
    }

    void inChunksEveryMixIsData()
    {
        for (const std::string& before : mixes())
            for (const std::string& after : mixes())
                for (const auto policy : {BareNewline::Keep, BareNewline::Reject})
                    checkChunk(policy, "body" + before + "." + after + std::string(smuggled));
    }

private:
    static constexpr std::string_view envelope =
        "EHLO x\r\nMAIL FROM:<a@a.com>\r\nRCPT TO:<b@a.com>\r\n";

    static bool hasBareNewline(const std::string& data)
    {
        for (std::size_t at = 0; at < data.size(); ++at)
        {
            const bool isPair = data.compare(at, 2, "\r\n") == 0;
            if (!isPair && (data[at] == '\r' || data[at] == '\n'))
                return true;
            at += isPair ? 1 : 0;
        }
        return false;
    }

    static SessionOptions optionsOf(BareNewline policy)
    {
        SessionOptions options;
        options.bareNewline = policy;
        return options;
    }

    /// \param data ends in the end of data of the smuggled mail, at the latest
    static void checkFirstMessage(BareNewline policy, const std::string& data, std::size_t piece)
    {
        const std::string sent = data.substr(0, behindEndOf(data));
        const std::string expected = withoutTransparency(sent.substr(0, sent.size() - 3));
        Conversation conversation(optionsOf(policy));
        conversation.sink.roomOctets = 128;
        (void)conversation.send(std::string(envelope) + "DATA\r\n");
        const std::string replies = conversation.send(sent, piece);
        const bool isRefused = policy == BareNewline::Reject && hasBareNewline(expected);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(data, std::string(isRefused ? "554" : "250"), codes(replies));
        const auto& messages = conversation.sink.messages;
        CPPUNIT_ASSERT_EQUAL(std::size_t(isRefused ? 0 : 1), messages.size());
        if (policy != BareNewline::Normalize && !isRefused)
            CPPUNIT_ASSERT(expected == messages[0].data);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), conversation.sink.count("begin"));
        CPPUNIT_ASSERT(conversation.dialog.awaiting() == Awaiting::Command);
    }

    static void checkChunk(BareNewline policy, const std::string& data)
    {
        Conversation conversation(optionsOf(policy));
        conversation.sink.roomOctets = 128;
        const std::string replies =
            conversation.send(std::string(envelope) + "BDAT " + std::to_string(data.size()) +
                              " LAST\r\n" + data + "NOOP\r\n");
        const bool isRefused = policy == BareNewline::Reject && hasBareNewline(data);
        CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 ") + (isRefused ? "554" : "250") + " 250",
                             codes(replies));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), conversation.sink.count("begin"));
        CPPUNIT_ASSERT(isRefused || data == conversation.sink.messages.at(0).data);
    }

    static std::string submission(std::string_view before, std::string_view after)
    {
        return "EHLO x\r\nMAIL FROM:<a@a.com>\r\nRCPT TO:<b@a.com>\r\nDATA\r\nbody" +
               std::string(before) + "." + std::string(after);
    }

    static void checkOneMessageOrNone(BareNewline policy,
                                      std::string_view before,
                                      std::string_view after,
                                      std::size_t piece)
    {
        SessionOptions options;
        options.bareNewline = policy;
        Conversation conversation(options);
        const std::string replies = conversation.send(
            submission(before, after) + std::string(smuggled) + "QUIT\r\n", piece);
        const std::size_t accepted = conversation.sink.messages.size();
        const std::string all = codes(replies);
        CPPUNIT_ASSERT_MESSAGE(
            all, all == "250 250 250 354 250 221" || all == "250 250 250 354 554 221");
        CPPUNIT_ASSERT_EQUAL(std::size_t(all.find("554") == std::string::npos ? 1 : 0), accepted);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "began twice", std::size_t(1), conversation.sink.count("begin"));
        CPPUNIT_ASSERT(policy == BareNewline::Reject || accepted == 1);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SmugglingTest);
