// SMTP smuggling (CVE-2023-51764, -51765, -51766): whatever stands around a dot in mail data, one submission is one
// message or a refusal, never two. Only CRLF.CRLF ends the data (RFC 5321 4.1.1.4).
#include "smtp/Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>

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

bool endsIn(std::string_view text, std::string_view end)
{
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
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

private:
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
