// Tests of delivery/NetworkSet: which clients are in a network, and what is none.
#include "delivery/NetworkSet.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cstdint>
#include <random>
#include <string>
#include <variant>
#include <vector>

using namespace mpsmtp::delivery;

namespace
{

std::string mistake(const std::string& text)
{
    const auto parsed = Network::parse(text);
    const auto* found = std::get_if<std::string>(&parsed);
    return found == nullptr ? "" : *found;
}

std::string ipv4(std::uint32_t address)
{
    return std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 255) + "." +
           std::to_string(address >> 8 & 255) + "." + std::to_string(address & 255);
}

std::uint32_t maskOf(unsigned bits)
{
    return bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
}

} // namespace

class NetworkSetTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(NetworkSetTest);
    CPPUNIT_TEST(networksHoldTheirAddresses);
    CPPUNIT_TEST(mistakesHaveASentence);
    CPPUNIT_TEST(whatIsNoAddressIsNone);
    CPPUNIT_TEST(itAnswersAsOneMaskAfterTheOtherDoes);
    CPPUNIT_TEST_SUITE_END();

public:
    void networksHoldTheirAddresses()
    {
        struct Row
        {
            const char* why;
            const char* network;
            const char* client;
            bool expected;
        };

        for (const Row& row : {Row{"itself", "192.0.2.1", "192.0.2.1", true},
                               Row{"its neighbour", "192.0.2.1", "192.0.2.2", false},
                               Row{"first of a network", "192.0.2.0/24", "192.0.2.0", true},
                               Row{"last of a network", "192.0.2.0/24", "192.0.2.255", true},
                               Row{"behind a network", "192.0.2.0/24", "192.0.3.0", false},
                               Row{"a prefix inside of an octet", "10.8.0.0/13", "10.15.1.1", true},
                               Row{"behind it", "10.8.0.0/13", "10.16.0.0", false},
                               Row{"all of IPv4", "0.0.0.0/0", "203.0.113.9", true},
                               Row{"which holds no IPv6", "0.0.0.0/0", "2001:db8::1", false},
                               Row{"all of IPv6", "::/0", "2001:db8::1", true},
                               Row{"which holds no IPv4", "::/0", "203.0.113.9", false},
                               Row{"nor a mapped one", "::/0", "::ffff:203.0.113.9", false},
                               Row{"an IPv6 network", "2001:db8::/32", "2001:db8:ffff::1", true},
                               Row{"behind it", "2001:db8::/32", "2001:db9::", false},
                               Row{"another spelling", "2001:DB8:0::1", "2001:db8::1", true},
                               Row{"a mapped client", "192.0.2.0/24", "::ffff:192.0.2.7", true},
                               Row{"a mapped network", "::ffff:192.0.2.0/120", "192.0.2.7", true},
                               Row{"a mapped address", "::ffff:192.0.2.7", "192.0.2.7", true},
                               Row{"the zeros behind IPv4", "192.0.2.1", "c000:201::", false}})
        {
            NetworkSet set;
            set.add(std::get<Network>(Network::parse(row.network)));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.expected, set.contains(IpAddress::parse(row.client).value()));
        }
    }

    void mistakesHaveASentence()
    {
        const std::string notOne =
            "is not an address or network such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32";
        for (const char* text : {"", "/", "/8", "10", "10.0.0/8", "10.0.0.256", "localhost", "::g"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, notOne, mistake(text));
        for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                text, std::string("has no prefix length from 0 to 32 behind the /"), mistake(text));
        CPPUNIT_ASSERT_EQUAL(std::string("has no prefix length from 0 to 128 behind the /"),
                             mistake("::/129"));
        CPPUNIT_ASSERT_EQUAL(std::string("has bits behind its prefix; write 10.0.0.0/8 for the "
                                         "network or 10.0.0.1 for the one address"),
                             mistake("10.0.0.1/8"));
        CPPUNIT_ASSERT_EQUAL(std::string("has bits behind its prefix; write 2001:db8::/32 for the "
                                         "network or 2001:db8::1 for the one address"),
                             mistake("2001:db8::1/32"));
    }

    void whatIsNoAddressIsNone()
    {
        for (const char* text : {"", "unix", "192.0.2.1 ", "192.0.2.1/32", "[::1]", "fe80::1%lo"})
            CPPUNIT_ASSERT_MESSAGE(text, !IpAddress::parse(text));
        CPPUNIT_ASSERT(!IpAddress::parse(std::string(100, '1')));
        CPPUNIT_ASSERT(!IpAddress::parse(std::string_view("::1\0", 4)));
    }

    void itAnswersAsOneMaskAfterTheOtherDoes()
    {
        std::mt19937 random(20261122);
        for (int round = 0; round < 300; ++round)
        {
            NetworkSet set;
            std::vector<std::pair<std::uint32_t, unsigned>> networks;
            for (int i = 0; i < 5; ++i)
            {
                const unsigned bits = static_cast<unsigned>(random() % 33);
                const auto address = static_cast<std::uint32_t>(random()) & maskOf(bits);
                networks.emplace_back(address, bits);
                set.add(
                    std::get<Network>(Network::parse(ipv4(address) + "/" + std::to_string(bits))));
            }
            for (int i = 0; i < 20; ++i)
            {
                // Half of them differ from a network in one bit.
                auto client = static_cast<std::uint32_t>(random());
                if (i % 2 == 0)
                    client = networks[static_cast<std::size_t>(i) % 5].first ^ 1u << random() % 32;
                bool expected = false;
                for (const auto& [address, bits] : networks)
                    expected = expected || (client & maskOf(bits)) == address;
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    ipv4(client), expected, set.contains(IpAddress::parse(ipv4(client)).value()));
            }
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NetworkSetTest);
