// Tests of delivery/LocalScope, through the SDK's local<T>().
#include "delivery/LocalScope.h"

#include "delivery/HostTable.h"

#include <mpsmtp/Handler.h>

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace mpsmtp::delivery;

namespace
{

class SomeHandler : public mpsmtp::Handler
{
};

std::vector<std::string>& deaths()
{
    static std::vector<std::string> list;
    return list;
}

template <int Number>
struct Mortal
{
    int value = 0;

    ~Mortal() { deaths().push_back(std::to_string(Number)); }
};

} // namespace

class LocalScopeTest : public CppUnit::TestFixture
{
public:
    void setUp() override { deaths().clear(); }

    void anObjectIsMadeOnceAndKept()
    {
        local<Mortal<1>>(_handler).value = 7;
        CPPUNIT_ASSERT_EQUAL(7, local<Mortal<1>>(_handler).value);
        CPPUNIT_ASSERT(deaths().empty());
    }

    void typesAndHandlersStayApart()
    {
        local<Mortal<1>>(_handler).value = 1;
        local<Mortal<2>>(_handler).value = 2;
        local<Mortal<1>>(_other).value = 3;
        CPPUNIT_ASSERT_EQUAL(1, local<Mortal<1>>(_handler).value);
        CPPUNIT_ASSERT_EQUAL(2, local<Mortal<2>>(_handler).value);
        CPPUNIT_ASSERT_EQUAL(3, local<Mortal<1>>(_other).value);
    }

    void theEndOfTheScopeDestroysTheYoungestFirst()
    {
        (void)local<Mortal<1>>(_handler);
        (void)local<Mortal<2>>(_handler);
        _scope.clear();
        CPPUNIT_ASSERT((deaths() == std::vector<std::string>{"2", "1"}));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("made anew", 0, local<Mortal<1>>(_handler).value);
    }

    void theThrottleEndsWithTheScope()
    {
        hostTable().throttle(&_scope, 100);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{100}, _scope.octetsPerSecond);
        _scope.clear();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, _scope.octetsPerSecond);
    }

private:
    template <class T>
    T& local(const mpsmtp::Handler& handler)
    {
        return mpsmtp::detail::local<T>(hostTable(), &_scope, handler);
    }

    LocalScope _scope;
    const SomeHandler _handler;
    const SomeHandler _other;

    CPPUNIT_TEST_SUITE(LocalScopeTest);
    CPPUNIT_TEST(anObjectIsMadeOnceAndKept);
    CPPUNIT_TEST(typesAndHandlersStayApart);
    CPPUNIT_TEST(theEndOfTheScopeDestroysTheYoungestFirst);
    CPPUNIT_TEST(theThrottleEndsWithTheScope);
    CPPUNIT_TEST_SUITE_END();
};

CPPUNIT_TEST_SUITE_REGISTRATION(LocalScopeTest);
