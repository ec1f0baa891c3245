// A MessageSink that keeps what it is given and insists on the order of calls that MessageSink.h promises.
#pragma once

#include "smtp/MessageSink.h"

#include <cppunit/TestAssert.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::smtp
{

class RecordingSink : public MessageSink
{
public:
    struct Message
    {
        SessionInfo session;
        Envelope envelope;
        std::string data;
    };

    // What it shall do.
    std::size_t roomOctets = 65536;
    std::size_t keepsOctets = std::numeric_limits<std::size_t>::max(); // then written() is false
    std::optional<Reply> beginRefusal;
    std::optional<Reply> openRefusal;
    std::optional<Reply> completion;                // instead of 250
    std::map<std::string, Reply> refusedRecipients; // by address
    bool leavesWork = false;

    // What it has seen.
    std::vector<Message> messages;  // accepted
    std::vector<std::string> calls; // "begin a@a.com", "drop 552", …

    [[nodiscard]] std::optional<Reply> begin(const SessionInfo&, Envelope& envelope) override
    {
        expect(Phase::Idle, "begin");
        calls.push_back("begin " + envelope.reversePath.address);
        envelope.id = "T" + std::to_string(++_lastId);
        _phase = Phase::Begun;
        _data.clear();
        return beginRefusal;
    }

    [[nodiscard]] std::optional<Reply>
    recipient(const SessionInfo&, const Envelope&, const Recipient& recipient) override
    {
        expect(Phase::Begun, "recipient");
        calls.push_back("recipient " + recipient.path.address);
        const auto refused = refusedRecipients.find(recipient.path.address);
        if (refused == refusedRecipients.end())
            return std::nullopt;
        return refused->second;
    }

    [[nodiscard]] std::optional<Reply> open(const SessionInfo&, const Envelope& envelope) override
    {
        expect(Phase::Begun, "open");
        CPPUNIT_ASSERT_MESSAGE("open without recipients", !envelope.recipients.empty());
        calls.emplace_back("open");
        _phase = Phase::Open;
        return openRefusal;
    }

    [[nodiscard]] Buffer writable() override
    {
        expect(Phase::Open, "writable");
        CPPUNIT_ASSERT_MESSAGE("writable() after written() said no", !_isFull);
        if (_room.size() != roomOctets)
            _room.assign(roomOctets, '#');
        return {_room.data(), _room.size()};
    }

    [[nodiscard]] bool written(std::size_t count) override
    {
        expect(Phase::Open, "written");
        CPPUNIT_ASSERT_MESSAGE("written() of nothing", count > 0);
        CPPUNIT_ASSERT_MESSAGE("written() of more than the room", count <= _room.size());
        _data.append(_room.data(), count);
        std::fill(_room.begin(), _room.end(), '#'); // whoever still reads it reads this
        _isFull = _data.size() > keepsOctets;
        return !_isFull;
    }

    [[nodiscard]] Reply complete(const SessionInfo& session, const Envelope& envelope) override
    {
        expect(Phase::Open, "complete");
        const Reply reply = judge(envelope);
        calls.push_back("complete " + std::to_string(reply.code));
        if (reply.isPositive())
            messages.push_back({session, envelope, _data});
        _hasWork = leavesWork;
        end();
        return reply;
    }

    [[nodiscard]] bool hasWorkAfterReply() const noexcept override { return _hasWork; }

    void replied() override
    {
        CPPUNIT_ASSERT_MESSAGE("replied() without work", _hasWork);
        calls.emplace_back("replied");
        _hasWork = false;
    }

    void drop(const SessionInfo&, const Envelope& envelope, const Reply* reply) override
    {
        CPPUNIT_ASSERT_MESSAGE("drop() of a transaction that never began",
                               _phase != Phase::Idle || envelope.id.empty());
        calls.push_back("drop " + (reply == nullptr ? "-" : std::to_string(reply->code)));
        end();
    }

    /// Number of calls that begin with `name`.
    [[nodiscard]] std::size_t count(const std::string& name) const
    {
        return static_cast<std::size_t>(std::count_if(calls.begin(),
                                                      calls.end(),
                                                      [&](const std::string& call)
                                                      { return call.rfind(name, 0) == 0; }));
    }

private:
    enum class Phase
    {
        Idle,
        Begun,
        Open
    };

    void expect(Phase phase, const std::string& call) const
    {
        CPPUNIT_ASSERT_MESSAGE("call out of order: " + call, _phase == phase);
        CPPUNIT_ASSERT_MESSAGE(call + " while work after the reply is due", !_hasWork);
    }

    [[nodiscard]] Reply judge(const Envelope& envelope) const
    {
        if (_isFull)
            return {452, "4.3.1", "Disk full"};
        return completion.value_or(Reply(250, "2.0.0", "Stored as " + envelope.id));
    }

    void end()
    {
        _phase = Phase::Idle;
        _isFull = false;
        _data.clear();
    }

    Phase _phase = Phase::Idle;
    unsigned _lastId = 0;
    std::vector<char> _room;
    std::string _data;
    bool _isFull = false;
    bool _hasWork = false;
};

} // namespace mpsmtp::smtp
