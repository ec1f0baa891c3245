// Tests of delivery/AddressSet: the quick look-up answers as trying one pattern after the other would.
#include "delivery/AddressSet.h"

#include "delivery/RouteSupport.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace mpsmtp::delivery;
using mpsmtp::delivery::test::pathOf;

namespace
{

AddressPattern pattern(const std::string& text)
{
    return std::get<AddressPattern>(AddressPattern::parse(text));
}

/// Written to be seen to be right, not to be quick.
bool naiveGlob(const std::string& glob, const std::string& text)
{
    if (glob.empty())
        return text.empty();
    if (glob[0] == '*')
        return naiveGlob(glob.substr(1), text) ||
               (!text.empty() && naiveGlob(glob, text.substr(1)));
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return !text.empty() && lower(glob[0]) == lower(text[0]) &&
           naiveGlob(glob.substr(1), text.substr(1));
}

/// Few letters, so that much is nearly equal.
class Generator
{
public:
    std::string word(const std::string& letters)
    {
        std::string result(1 + _random() % 4, ' ');
        for (char& c : result)
            c = letters[_random() % letters.size()];
        return result;
    }

    std::string item() { return word("aAb*") + "@" + word("aAb*"); }

    std::string address() { return word("aAbB") + "@" + word("aAbB"); }

private:
    std::mt19937 _random{20261122}; // the same lists in every run
};

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
        Generator generator;
        for (int round = 0; round < 500; ++round)
        {
            std::vector<std::string> items(1 + static_cast<std::size_t>(round) % 6);
            AddressSet set;
            for (auto& each : items)
            {
                each = generator.item();
                set.add(pattern(each));
            }
            for (int i = 0; i < 40; ++i)
            {
                const auto address = generator.address();
                const bool expected =
                    std::any_of(items.begin(),
                                items.end(),
                                [&](const auto& each) { return naiveMatch(each, address); });
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    items.front() + " … " + address, expected, set.contains(pathOf(address)));
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

private:
    static bool naiveMatch(const std::string& item, const std::string& address)
    {
        const auto half = [](const std::string& text, bool isDomain)
        { return isDomain ? text.substr(text.find('@') + 1) : text.substr(0, text.find('@')); };
        return naiveGlob(half(item, false), half(address, false)) &&
               naiveGlob(half(item, true), half(address, true));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AddressSetTest);
