// The event loop's parser: whatever pieces the octets come in, the replies are the same.
#include "bench/bare/LoopSession.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::bench;

class LoopSessionTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LoopSessionTest);
    CPPUNIT_TEST(repliesAreTheSameHoweverTheOctetsCome);
    CPPUNIT_TEST_SUITE_END();

public:
    void repliesAreTheSameHoweverTheOctetsCome()
    {
        const struct
        {
            const char* why;
            std::string input;
            std::string codes; ///< first digits of the replies
            bool isOver;
        } rows[] = {
            {"nothing", "", "", false},
            {"a command without its end", "NOOP", "", false},
            {"one transaction", "MAIL\r\nRCPT\r\nDATA\r\na\r\n.b\r\n.\r\n", "2232", false},
            {"a mail of no octets", "DATA\r\n.\r\nNOOP\r\n", "322", false},
            {"the next one behind the dot",
             "data\r\na\r\n.\r\nDATA\r\nb\r\n\r\n.\r\nquit\r\n",
             "32322",
             true},
            {"no end but the right one", "DATA\r\na\n.\n\r\n.\n\n.\r\n\r\n..\r\n.\r", "3", false},
            {"nothing is answered behind QUIT", "QUIT\r\nNOOP\r\n", "2", true},
        };

        for (const auto& row : rows)
        {
            for (std::size_t first = 0; first <= row.input.size(); ++first)
                check(row.why,
                      row.codes,
                      row.isOver,
                      {row.input.substr(0, first), row.input.substr(first)});
            std::vector<std::string> octets;
            for (const char octet : row.input)
                octets.emplace_back(1, octet);
            check(row.why, row.codes, row.isOver, octets);
        }
    }

private:
    static void check(const std::string& why,
                      const std::string& codes,
                      bool isOver,
                      const std::vector<std::string>& pieces)
    {
        LoopSession session;
        std::string out;
        bool goesOn = true;
        for (const std::string& piece : pieces)
            goesOn = goesOn && session.feed(piece, out);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(why, codes, firstDigits(out));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(why, isOver, !goesOn);
    }

    static std::string firstDigits(const std::string& replies)
    {
        std::string digits;
        for (std::size_t begin = 0; begin < replies.size(); begin = replies.find('\n', begin) + 1)
            digits += replies[begin];
        return digits;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LoopSessionTest);
