// The pace of a session: what it is cut into, and that it takes its time.
#include "net/PacedTransport.h"

#include "smtp/Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace mpsmtp::net;
using Clock = std::chrono::steady_clock;

namespace
{

/// Has endless octets to give, and notes the sizes of all pieces.
class EndlessTransport : public Transport
{
public:
    Received receive(char* data, std::size_t size) override
    {
        std::fill_n(data, size, 'x');
        received.push_back(size);
        return {IoStatus::Done, size};
    }

    IoStatus send(std::string_view octets) override
    {
        sent.emplace_back(octets);
        return sent.size() < failsAt ? IoStatus::Done : IoStatus::Failed;
    }

    void finish(std::chrono::milliseconds) noexcept override { ++finished; }

    std::vector<std::size_t> received;
    std::vector<std::string> sent;
    std::size_t failsAt = 1000;
    int finished = 0;
};

} // namespace

class PacedTransportTest : public CppUnit::TestFixture
{
public:
    void withoutAPaceNothingChanges()
    {
        CPPUNIT_ASSERT_EQUAL(std::size_t{100}, _paced.receive(_buffer, 100).octets);
        CPPUNIT_ASSERT(_paced.send("hello") == IoStatus::Done);
        CPPUNIT_ASSERT((_inner.sent == std::vector<std::string>{"hello"}));
        _paced.finish(std::chrono::milliseconds(1));
        CPPUNIT_ASSERT_EQUAL(1, _inner.finished);
    }

    void octetsComeInPiecesThatTakeTheirTime()
    {
        _talk.sink.rate = 1000;
        const auto begin = Clock::now();
        CPPUNIT_ASSERT_EQUAL(std::size_t{100}, _paced.receive(_buffer, 500).octets);
        CPPUNIT_ASSERT(Clock::now() - begin >= std::chrono::milliseconds(100));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "never more than asked for", std::size_t{5}, _paced.receive(_buffer, 5).octets);
    }

    void octetsGoInPiecesThatTakeTheirTime()
    {
        _talk.sink.rate = 1000;
        const auto begin = Clock::now();
        CPPUNIT_ASSERT(_paced.send(std::string(250, 'y')) == IoStatus::Done);
        CPPUNIT_ASSERT(Clock::now() - begin >= std::chrono::milliseconds(250));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, _inner.sent.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{50}, _inner.sent.back().size());
    }

    void aVerySlowSessionStillMoves()
    {
        _talk.sink.rate = 1;
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _paced.receive(_buffer, 500).octets);
    }

    void aFailureEndsTheSending()
    {
        _talk.sink.rate = 10'000;
        _inner.failsAt = 1;
        CPPUNIT_ASSERT(_paced.send(std::string(5000, 'y')) == IoStatus::Failed);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _inner.sent.size());
    }

private:
    mpsmtp::smtp::Conversation _talk;
    EndlessTransport _inner;
    PacedTransport _paced{_inner, _talk.dialog};
    char _buffer[500] = {};

    CPPUNIT_TEST_SUITE(PacedTransportTest);
    CPPUNIT_TEST(withoutAPaceNothingChanges);
    CPPUNIT_TEST(octetsComeInPiecesThatTakeTheirTime);
    CPPUNIT_TEST(octetsGoInPiecesThatTakeTheirTime);
    CPPUNIT_TEST(aVerySlowSessionStillMoves);
    CPPUNIT_TEST(aFailureEndsTheSending);
    CPPUNIT_TEST_SUITE_END();
};

CPPUNIT_TEST_SUITE_REGISTRATION(PacedTransportTest);
