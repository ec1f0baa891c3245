// The buffer for octets that wait.
#include "smtp/InputBuffer.h"

#include "AllocationCounter.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <string>

using namespace mpsmtp::smtp;

namespace
{

void put(InputBuffer& buffer, std::string_view octets)
{
    const Buffer room = buffer.room();
    CPPUNIT_ASSERT(octets.size() <= room.size);
    std::copy(octets.begin(), octets.end(), room.data);
    buffer.filled(octets.size());
}

} // namespace

class InputBufferTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(InputBufferTest);
    CPPUNIT_TEST(octetsComeOutInOrder);
    CPPUNIT_TEST(roomIsFoundInFrontOfWhatWaits);
    CPPUNIT_TEST(itGrowsForWhatMustBeKeptAndShrinksAgain);
    CPPUNIT_TEST(thereIsAlwaysRoom);
    CPPUNIT_TEST(aClientThatSendsLittleGetsNoMemoryOfTheHeap);
    CPPUNIT_TEST(aClientThatFillsTheFirstRoomKeepsTheUsualOne);
    CPPUNIT_TEST(growthForAMomentDoesNotStay);
    CPPUNIT_TEST_SUITE_END();

public:
    void octetsComeOutInOrder()
    {
        InputBuffer buffer(8);
        CPPUNIT_ASSERT(buffer.isEmpty());
        put(buffer, "abc");
        put(buffer, "de");
        buffer.consume(2);
        buffer.append("f");
        CPPUNIT_ASSERT_EQUAL(std::string("cdef"), std::string(buffer.octets()));
        CPPUNIT_ASSERT_EQUAL('c', *buffer.data());
        buffer.clear();
        CPPUNIT_ASSERT(buffer.isEmpty());
    }

    void roomIsFoundInFrontOfWhatWaits()
    {
        InputBuffer buffer(8);
        put(buffer, "12345678");
        buffer.consume(6);
        CPPUNIT_ASSERT_EQUAL(std::size_t(6), buffer.room().size);
        put(buffer, "9");
        CPPUNIT_ASSERT_EQUAL(std::string("789"), std::string(buffer.octets()));
        CPPUNIT_ASSERT_EQUAL(std::size_t(8), buffer.capacity());
    }

    void itGrowsForWhatMustBeKeptAndShrinksAgain()
    {
        InputBuffer buffer(8);
        put(buffer, "ab");
        const std::string many(1000, 'x');
        buffer.append(many);
        CPPUNIT_ASSERT_EQUAL("ab" + many, std::string(buffer.octets()));
        buffer.consume(1001);
        CPPUNIT_ASSERT_EQUAL(std::string("x"), std::string(buffer.octets()));
        buffer.consume(1);
        CPPUNIT_ASSERT_EQUAL(std::size_t(8), buffer.capacity());
    }

    void thereIsAlwaysRoom()
    {
        InputBuffer buffer(2);
        for (int i = 0; i < 100; ++i)
            put(buffer, "x");
        CPPUNIT_ASSERT_EQUAL(std::size_t(100), buffer.size());
    }

    void aClientThatSendsLittleGetsNoMemoryOfTheHeap()
    {
        const std::size_t before = allocationCount();
        InputBuffer buffer(4096);
        for (int i = 0; i < 100; ++i)
        {
            buffer.room().data[0] = 'x';
            buffer.filled(1);
            buffer.clear();
        }
        const std::size_t after = allocationCount();
        CPPUNIT_ASSERT_EQUAL(before, after);
        CPPUNIT_ASSERT_EQUAL(InputBuffer::firstOctets, buffer.capacity());
    }

    void aClientThatFillsTheFirstRoomKeepsTheUsualOne()
    {
        InputBuffer buffer(4096);
        const std::string many(InputBuffer::firstOctets, 'x');
        put(buffer, many);
        buffer.consume(100);
        CPPUNIT_ASSERT_EQUAL(many.substr(100), std::string(buffer.octets()));
        buffer.clear();
        CPPUNIT_ASSERT_EQUAL(std::size_t(4096), buffer.room().size);
    }

    void growthForAMomentDoesNotStay()
    {
        InputBuffer buffer(4096);
        put(buffer, "a");
        buffer.append(std::string(10000, 'x'));
        buffer.consume(10001);
        CPPUNIT_ASSERT_EQUAL(InputBuffer::firstOctets, buffer.room().size);
        put(buffer, "b");
        CPPUNIT_ASSERT_EQUAL(std::string("b"), std::string(buffer.octets()));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(InputBufferTest);
