// Mail data: dot transparency, its one end, and that nothing else is an end (SMTP smuggling).
#include "smtp/DataDecoder.h"

#include "smtp/DotTransparency.h"
#include "smtp/Feeding.h"

#include <cppunit/extensions/HelperMacros.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace mpsmtp::smtp;
using feeding::Pieces;
using feeding::shown;
using feeding::waysToFeed;

namespace
{

struct Decoded
{
    std::string data;
    std::string behind;    // what followed the end
    std::string undecided; // not ended: what was given back
    bool ended = false;
};

bool operator==(const Decoded& a, const Decoded& b)
{
    return a.data == b.data && a.behind == b.behind && a.undecided == b.undecided &&
           a.ended == b.ended;
}

std::string describe(const Decoded& decoded)
{
    return "'" + shown(decoded.data) + "' behind '" + shown(decoded.behind) + "' undecided '" +
           shown(decoded.undecided) + (decoded.ended ? "' ended" : "' goes on");
}

// As Dialog does it: what is undecided goes in front of the next piece.
template <typename Octets = FastOctets>
Decoded decode(const Pieces& pieces)
{
    DataDecoder decoder;
    Decoded decoded;
    for (const std::string& piece : pieces)
    {
        if (decoded.ended)
        {
            decoded.behind += piece;
            continue;
        }
        std::string buffer = decoded.undecided + piece;
        const auto result = decoder.decodeWith<Octets>(buffer.data(), buffer.size());
        decoded.data.append(buffer, 0, result.kept);
        decoded.ended = result.ended;
        (decoded.ended ? decoded.behind : decoded.undecided) = buffer.substr(result.consumed);
        if (decoded.ended)
            decoded.undecided.clear();
        else
            CPPUNIT_ASSERT(decoded.undecided.empty() || decoded.undecided == "." ||
                           decoded.undecided == ".\r");
    }
    return decoded;
}

// The rule of RFC 5321 4.5.2 word by word, one octet after the other. The CRLF of the DATA command
// stands in front.
Decoded obviousDecode(const std::string& input)
{
    const std::string all = "\r\n" + input;
    Decoded decoded;
    for (std::size_t i = 2; i < all.size(); ++i)
    {
        const bool dotAtLineStart = all[i] == '.' && all[i - 1] == '\n' && all[i - 2] == '\r';
        if (!dotAtLineStart)
        {
            decoded.data += all[i];
            continue;
        }
        const std::string next = all.substr(i + 1, 2);
        if (next == "\r\n")
        {
            decoded.ended = true;
            decoded.behind = all.substr(i + 3);
            return decoded;
        }
        if (next.empty() || next == "\r")
        {
            decoded.undecided = all.substr(i);
            return decoded;
        }
        // Stuffed: the dot goes, and what follows is not at a line start.
        decoded.data += all[++i];
    }
    return decoded;
}

void check(const std::string& why, const std::string& input, const Decoded& expected)
{
    for (const Pieces& pieces : waysToFeed(input))
    {
        const Decoded actual = decode(pieces);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            why + ": " + shown(input), describe(expected), describe(actual));
    }
}

// As decode(), but counts.
struct CountingOctets
{
    static inline std::size_t searched = 0;
    static inline std::size_t moved = 0;

    static const char* find(const char* begin, const char* end) noexcept
    {
        const char* const found = findLineFeedDotPortable(begin, end);
        searched += static_cast<std::size_t>(found - begin);
        return found;
    }

    static void move(char* to, const char* from, std::size_t count) noexcept
    {
        moved += count;
        std::memmove(to, from, count);
    }
};

std::string repeated(std::string_view unit, std::size_t octets)
{
    std::string text;
    while (text.size() < octets)
        text += unit;
    return text;
}

// Short texts of the octets that matter, all of them.
template <typename Visit>
void forEachText(std::string_view alphabet, std::size_t length, Visit visit)
{
    std::vector<std::size_t> digits(length, 0);
    for (bool more = true; more;)
    {
        std::string text;
        for (const std::size_t digit : digits)
            text += alphabet[digit];
        visit(text);
        more = false;
        for (std::size_t i = 0; i < length && !more; ++i)
        {
            digits[i] = (digits[i] + 1) % alphabet.size();
            more = digits[i] != 0;
        }
    }
}

} // namespace

class DataDecoderTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DataDecoderTest);
    CPPUNIT_TEST(dotsAreTakenOutAndTheEndIsFound);
    CPPUNIT_TEST(nothingButCrLfDotCrLfEndsTheData);
    CPPUNIT_TEST(everyMixOfNewlinesAroundADotIsAsTheRuleSays);
    CPPUNIT_TEST(everyShortInputIsAsTheRuleSays);
    CPPUNIT_TEST(randomInputIsAsTheRuleSays);
    CPPUNIT_TEST(whatFollowsTheEndIsLeftAlone);
    CPPUNIT_TEST(theDecoderStartsAnewAfterTheEnd);
    CPPUNIT_TEST(undecidedOctetsThatNeverComeAreNotData);
    CPPUNIT_TEST(anEmptyPieceChangesNothing);
    CPPUNIT_TEST(denseDotsCostNoMoreThanTheirOctets);
    CPPUNIT_TEST_SUITE_END();

public:
    void dotsAreTakenOutAndTheEndIsFound()
    {
        check("empty message, RFC 5321 4.1.1.4", ".\r\n", {"", "", "", true});
        check("one line", "a\r\n.\r\n", {"a\r\n", "", "", true});
        check("one empty line", "\r\n.\r\n", {"\r\n", "", "", true});
        check("a line of one dot", "..\r\n.\r\n", {".\r\n", "", "", true});
        check(
            "dots first, two of three stay", "a\r\n...b\r\n.\r\n", {"a\r\n..b\r\n", "", "", true});
        check("a dot that should have been stuffed goes too",
              "a\r\n.b\r\n.\r\n",
              {"a\r\nb\r\n", "", "", true});
        check("dots inside a line stay", "a.b.\r\n.\r\n", {"a.b.\r\n", "", "", true});
        check("line ends in a dot", "a.\r\nb\r\n.\r\n", {"a.\r\nb\r\n", "", "", true});
        check("several", "..\r\n..\r\n..\r\n.\r\n", {".\r\n.\r\n.\r\n", "", "", true});
        check("not ended", "a\r\n", {"a\r\n", "", "", false});
        check("no line end at all", "a", {"a", "", "", false});
        check("a dot waits", "a\r\n.", {"a\r\n", "", ".", false});
        check("a dot and CR wait", "a\r\n.\r", {"a\r\n", "", ".\r", false});
        check("NUL is mail data",
              std::string("\0\r\n.\r\n", 6),
              {std::string("\0\r\n", 3), "", "", true});
    }

    void nothingButCrLfDotCrLfEndsTheData()
    {
        const std::vector<std::pair<std::string, std::string>> rows{
            {"LF . LF", "\n.\n"},
            {"LF . CRLF", "\n.\r\n"},
            {"LF . CR", "\n.\r"},
            {"CR . CR", "\r.\r"},
            {"CR . LF", "\r.\n"},
            {"CR . CRLF", "\r.\r\n"},
            {"CRLF . LF", "\r\n.\n"},
            {"CRLF . CR", "\r\n.\r"},
            {"CRLF . CR CR LF", "\r\n.\r\r\n"},
            {"LF CR . CR LF", "\n\r.\r\n"},
            {"CR CR LF . LF", "\r\r\n.\n"},
            {"NUL between CR and LF", std::string("\r\0\n.\r\n", 6)},
            {"NUL in front of the dot", std::string("\r\n\0.\r\n", 6)},
            {"NUL behind the dot", std::string("\r\n.\0\r\n", 6)},
            {"NUL between the last CR and LF", std::string("\r\n.\r\0\n", 6)},
            {"space behind the dot", "\r\n. \r\n"},
            {"two dots", "\r\n..\r\n"},
        };
        for (const auto& [why, sequence] : rows)
        {
            const std::string smuggled = "a" + sequence + "MAIL FROM:<x@y>\r\n";
            for (const Pieces& pieces : waysToFeed(smuggled + ".\r\n"))
            {
                const Decoded decoded = decode(pieces);
                CPPUNIT_ASSERT_MESSAGE(why, decoded.ended);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(why, std::string(), decoded.behind);
                CPPUNIT_ASSERT_MESSAGE(
                    why, decoded.data.find("MAIL FROM:<x@y>\r\n") != std::string::npos);
            }
        }
        // CR CR LF ends in a CRLF, so this one is an end by the rule; the bare CR stays in the
        // data.
        check("CR CRLF . CRLF", "a\r\r\n.\r\nQUIT\r\n", {"a\r\r\n", "QUIT\r\n", "", true});
    }

    void everyMixOfNewlinesAroundADotIsAsTheRuleSays()
    {
        const std::vector<std::string> parts{"",
                                             "\r",
                                             "\n",
                                             "\r\n",
                                             "\n\r",
                                             "\r\r",
                                             "\n\n",
                                             "\r\r\n",
                                             "\r\n\n",
                                             std::string("\0", 1),
                                             std::string("\r\0\n", 3),
                                             ".",
                                             " "};
        for (const std::string& before : parts)
        {
            for (const std::string& dots :
                 {std::string("."), std::string(".."), std::string("...")})
            {
                for (const std::string& after : parts)
                {
                    const std::string input = "x" + before + dots + after + "y\r\n.\r\nz";
                    check("mix", input, obviousDecode(input));
                    check("mix at the start", input.substr(1), obviousDecode(input.substr(1)));
                }
            }
        }
    }

    void everyShortInputIsAsTheRuleSays()
    {
        for (std::size_t length = 0; length <= 8; ++length)
        {
            forEachText("\r\n.a",
                        length,
                        [](const std::string& text)
                        {
                            const Decoded expected = obviousDecode(text);
                            if (!(decode({text}) == expected) ||
                                !(decode(feeding::octetByOctet(text)) == expected))
                                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                                    shown(text), describe(expected), describe(decode({text})));
                        });
        }
    }

    void randomInputIsAsTheRuleSays()
    {
        std::mt19937 random(5321);
        const std::vector<std::string> units{"\r\n",
                                             "\r\n.",
                                             "\r\n..",
                                             "\n.",
                                             "\r.",
                                             ".",
                                             "\r",
                                             "\n",
                                             "abc",
                                             std::string(20, 'x'),
                                             std::string(70, 'y'),
                                             std::string("\0", 1)};
        for (int round = 0; round < 3000; ++round)
        {
            std::string text;
            const std::size_t count = random() % 40;
            for (std::size_t i = 0; i < count; ++i)
                text += units[random() % units.size()];
            Pieces pieces;
            for (std::size_t at = 0; at < text.size();)
            {
                const std::size_t length = 1 + random() % 50;
                pieces.push_back(text.substr(at, length));
                at += length;
            }
            const std::string expected = describe(obviousDecode(text));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(shown(text), expected, describe(decode(pieces)));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(shown(text), expected, describe(decode({text})));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                shown(text), expected, describe(decode<CountingOctets>(pieces)));
        }
    }

    void whatFollowsTheEndIsLeftAlone()
    {
        check("a pipelined command", "a\r\n.\r\nQUIT\r\n", {"a\r\n", "QUIT\r\n", "", true});
        check("what looks like another end", ".\r\n.\r\n..x", {"", ".\r\n..x", "", true});
        check("behind many dots", "..a\r\n..b\r\n.\r\n..c", {".a\r\n.b\r\n", "..c", "", true});
    }

    void theDecoderStartsAnewAfterTheEnd()
    {
        DataDecoder decoder;
        std::string first = "a\r\n.\r\n";
        CPPUNIT_ASSERT(decoder.decode(first.data(), first.size()).ended);
        std::string second = ".\r\n";
        CPPUNIT_ASSERT(decoder.decode(second.data(), second.size()).ended);
        std::string broken = "a\r";
        CPPUNIT_ASSERT(!decoder.decode(broken.data(), broken.size()).ended);
        decoder.reset();
        std::string third = "\n.\r\n";
        CPPUNIT_ASSERT(!decoder.decode(third.data(), third.size()).ended);
        decoder.reset();
        std::string fourth = ".\r\n";
        CPPUNIT_ASSERT(decoder.decode(fourth.data(), fourth.size()).ended);
    }

    void undecidedOctetsThatNeverComeAreNotData()
    {
        DataDecoder decoder;
        std::string buffer = "a\r\n.\r";
        const auto result = decoder.decode(buffer.data(), buffer.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), result.kept);
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), result.consumed);
        CPPUNIT_ASSERT_EQUAL(std::string(".\r"), buffer.substr(result.consumed));
    }

    void anEmptyPieceChangesNothing()
    {
        const Decoded decoded = decode({"a\r", "", "\n", "", ".", "", "\r", "", "\n", ""});
        CPPUNIT_ASSERT_EQUAL(describe({"a\r\n", "", "", true}), describe(decoded));
        DataDecoder decoder;
        const auto result = decoder.decode(nullptr, 0);
        CPPUNIT_ASSERT(result.kept == 0 && result.consumed == 0 && !result.ended);
    }

    // Counted, not timed: a decoder that moves the tail for each dot would need 10^11 here.
    void denseDotsCostNoMoreThanTheirOctets()
    {
        constexpr std::size_t megabyte = 1u << 20;
        for (const std::string& unit :
             {std::string("\r\n.."),
              std::string("\r\n."),
              std::string("\n."),
              std::string("\r\n..\r\n..aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")})
        {
            CountingOctets::searched = 0;
            CountingOctets::moved = 0;
            std::string input = repeated(unit, megabyte);
            const std::string copy = input;
            DataDecoder decoder;
            const auto result = decoder.decodeWith<CountingOctets>(input.data(), input.size());
            CPPUNIT_ASSERT(CountingOctets::searched <= input.size());
            CPPUNIT_ASSERT(CountingOctets::moved <= input.size());
            CPPUNIT_ASSERT(input.substr(0, result.kept) == obviousDecode(copy).data);
        }
        const std::string plain = repeated("no dots here\r\n", megabyte);
        CountingOctets::moved = 0;
        decode<CountingOctets>({plain});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "without dots nothing moves", std::size_t(0), CountingOctets::moved);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DataDecoderTest);
