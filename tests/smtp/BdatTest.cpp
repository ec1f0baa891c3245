// BDAT chunks are counted to the octet, however they are cut and however they arrive (RFC 3030 2).
#include "smtp/Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace mpsmtp::smtp;

namespace
{

const std::string lead = "EHLO client.test\r\nMAIL FROM:<a@a.com>\r\nRCPT TO:<b@a.com>\r\n";

/// Octets that would be commands, line ends and ends of data if anybody looked.
std::string hostileOctets(std::size_t size)
{
    const std::string seed = std::string("\r\n.\r\nQUIT\r\nRSET\r\nBDAT 3 LAST\r\n\0\n.\n", 35);
    std::string result;
    while (result.size() < size)
        result += seed;
    return result.substr(0, size);
}

std::string chunk(const std::string& octets, bool last)
{
    return "BDAT " + std::to_string(octets.size()) + (last ? " LAST" : "") + "\r\n" + octets;
}

} // namespace

class BdatTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(BdatTest);
    CPPUNIT_TEST(chunksOfAnySize);
    CPPUNIT_TEST(splitAtEveryPosition);
    CPPUNIT_TEST(refusedChunksArePassedOverToTheOctet);
    CPPUNIT_TEST(aChunkOfMoreThanAllMemoryIsNotReserved);
    CPPUNIT_TEST_SUITE_END();

public:
    void chunksOfAnySize()
    {
        for (const std::size_t size : {0, 1, 2, 4095, 4096, 4097, 65535, 65536, 65537, 200'000})
            for (const std::size_t piece : {100, 4096, 65536, 1'000'000})
                for (const std::size_t room : {3, 65536})
                {
                    const std::string octets = hostileOctets(size);
                    Conversation conversation;
                    conversation.sink.roomOctets = room;
                    const std::string replies = conversation.send(
                        lead + chunk(octets, false) + chunk(octets, true) + "NOOP\r\n", piece);
                    CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 250 250 250"), codes(replies));
                    CPPUNIT_ASSERT(octets + octets == conversation.sink.messages.at(0).data);
                }
    }

    void splitAtEveryPosition()
    {
        const std::string octets = hostileOctets(40);
        const std::string all = lead + chunk(octets, false) + chunk("", false) +
                                chunk(octets, true) + chunk(octets, true) + "QUIT\r\n";
        for (std::size_t at = 0; at <= all.size(); ++at)
        {
            Conversation conversation;
            std::string replies = conversation.send(all.substr(0, at));
            replies += conversation.send(all.substr(at));
            CPPUNIT_ASSERT_EQUAL(std::string("250 250 250 250 250 250 503 221"), codes(replies));
            CPPUNIT_ASSERT(octets + octets == conversation.sink.messages.at(0).data);
        }
    }

    void refusedChunksArePassedOverToTheOctet()
    {
        for (const std::size_t size : {1, 40, 5000, 200'000})
            for (const std::size_t piece : {1, 4096, 1'000'000})
            {
                Conversation conversation;
                const std::string replies =
                    conversation.send(chunk(hostileOctets(size), true) + "NOOP\r\n", piece);
                CPPUNIT_ASSERT_EQUAL(std::string("503 250"), codes(replies));
                CPPUNIT_ASSERT(conversation.sink.calls.empty());
            }
    }

    void aChunkOfMoreThanAllMemoryIsNotReserved()
    {
        Conversation conversation;
        (void)conversation.send(lead + "BDAT 18446744073709551614 LAST\r\n");
        CPPUNIT_ASSERT(conversation.dialog.awaiting() == Awaiting::MailData);
        CPPUNIT_ASSERT_EQUAL(std::string(), conversation.send(hostileOctets(100'000)));
        CPPUNIT_ASSERT_EQUAL(std::string(), conversation.end());
        CPPUNIT_ASSERT(conversation.sink.messages.empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BdatTest);
