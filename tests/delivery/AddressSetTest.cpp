// Tests of delivery/AddressSet: the quick look-up answers as trying one pattern after the other would.
#include "delivery/AddressSet.h"

#include "delivery/NaiveMatcher.h"
#include "delivery/RouteSupport.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <utility>
#include <variant>

using namespace mpsmtp::delivery;
using mpsmtp::delivery::test::AddressGenerator;
using mpsmtp::delivery::test::naiveList;
using mpsmtp::delivery::test::pathOf;

namespace
{

AddressPattern pattern(const std::string& text)
{
    return std::get<AddressPattern>(AddressPattern::parse(text));
}

} // namespace

class AddressSetTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(AddressSetTest);
    CPPUNIT_TEST(anEmptySetHoldsNothing);
    CPPUNIT_TEST(theNullPathIsInNoSet);
    CPPUNIT_TEST(allKindsOfPatternsAreFound);
    CPPUNIT_TEST(aMovedSetKeepsItsAddresses);
    CPPUNIT_TEST(itAnswersAsANaiveMatcherDoes);
    CPPUNIT_TEST(aHundredThousandAddressesAreFoundEach);
    CPPUNIT_TEST_SUITE_END();

public:
    void anEmptySetHoldsNothing()
    {
        CPPUNIT_ASSERT(!AddressSet().contains(pathOf("a@b")));
        CPPUNIT_ASSERT(!AddressSet().isEverything());
    }

    void theNullPathIsInNoSet()
    {
        AddressSet set;
        set.add(pattern("*@*"));
        CPPUNIT_ASSERT(set.isEverything());
        CPPUNIT_ASSERT(set.contains(pathOf("a@b")));
        CPPUNIT_ASSERT(!set.contains(pathOf("<>")));
    }

    void allKindsOfPatternsAreFound()
    {
        AddressSet set;
        for (const char* text : {"ben@a.example", "*@B.example", "help@*", "\"x y\"@c.example"})
            set.add(pattern(text));
        for (const char* text :
             {"BEN@a.example", "any@b.example", "help@z.example", "\"X y\"@c.example"})
            CPPUNIT_ASSERT_MESSAGE(text, set.contains(pathOf(text)));
        for (const char* text : {"eve@a.example", "any@sub.b.example", "x@c.example"})
            CPPUNIT_ASSERT_MESSAGE(text, !set.contains(pathOf(text)));
    }

    void aMovedSetKeepsItsAddresses()
    {
        AddressSet set;
        set.add(pattern("a@b"));
        set.add(pattern("*@a.b"));
        AddressSet other = std::move(set);
        CPPUNIT_ASSERT(other.contains(pathOf("a@b")));
        CPPUNIT_ASSERT(other.contains(pathOf("x@a.b")));
    }

    void itAnswersAsANaiveMatcherDoes()
    {
        AddressGenerator generator;
        for (int round = 0; round < 500; ++round)
        {
            const auto items = generator.patterns();
            AddressSet set;
            for (const auto& each : items)
                set.add(pattern(each));
            for (int i = 0; i < 40; ++i)
            {
                const auto address = generator.address();
                CPPUNIT_ASSERT_EQUAL_MESSAGE(items.front() + " … " + address,
                                             naiveList(items, address),
                                             set.contains(pathOf(address)));
            }
        }
    }

    void aHundredThousandAddressesAreFoundEach()
    {
        constexpr int count = 100'000;
        AddressSet set;
        for (int i = 0; i < count; ++i)
            set.add(pattern("user" + std::to_string(i) + "@example.com"));
        for (int i = 0; i < count; ++i)
            CPPUNIT_ASSERT(set.contains(pathOf("User" + std::to_string(i) + "@Example.com")));
        CPPUNIT_ASSERT(!set.contains(pathOf("user100000@example.com")));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AddressSetTest);
