#include "common/LruMap.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using mpsmtp::store::LruMap;

class LruMapTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LruMapTest);
    CPPUNIT_TEST(valuesAreFoundAndReplaced);
    CPPUNIT_TEST(theLeastRecentlyUsedGoes);
    CPPUNIT_TEST(erasedEntriesAreGone);
    CPPUNIT_TEST_SUITE_END();

public:
    void valuesAreFoundAndReplaced()
    {
        LruMap<int> map(2);
        CPPUNIT_ASSERT(map.find("a") == nullptr);
        map.put("a", 1);
        map.put("a", 2);
        CPPUNIT_ASSERT_EQUAL(2, *map.find("a"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, map.size());
    }

    void theLeastRecentlyUsedGoes()
    {
        LruMap<int> map(2);
        map.put("a", 1);
        map.put("b", 2);
        CPPUNIT_ASSERT_EQUAL(1, *map.find("a"));
        map.put("c", 3);
        CPPUNIT_ASSERT(map.find("b") == nullptr);
        CPPUNIT_ASSERT_EQUAL(1, *map.find("a"));
        CPPUNIT_ASSERT_EQUAL(3, *map.find("c"));
    }

    void erasedEntriesAreGone()
    {
        LruMap<int> map(2);
        map.put("a", 1);
        map.erase("a");
        map.erase("b");
        CPPUNIT_ASSERT(map.find("a") == nullptr);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, map.size());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LruMapTest);
