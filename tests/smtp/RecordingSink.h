// A MessageSink that keeps what it is given and insists on the order of calls that MessageSink.h promises.
#pragma once

#include "smtp/MessageSink.h"

#include <cppunit/TestAssert.h>

#include <algorithm>
#include <cstdint>
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
    std::optional<Reply> connectRefusal;
    std::optional<Reply> heloRefusal;
    std::uint64_t rate = 0;
    std::optional<Reply> beginRefusal;
    std::optional<Reply> openRefusal;
    std::optional<Reply> completion;                // instead of 250
    std::map<std::string, Reply> refusedRecipients; // by address
    bool leavesWork = false;

    // What it has seen.
    std::vector<Message> messages;  // accepted
    std::vector<std::string> calls; // "begin a@a.com", "drop 552", …

    std::vector<std::string> sessionCalls; // "connected", "helo client", "disconnected"

    [[nodiscard]] std::optional<Reply> connected(const SessionInfo&) override
    {
        sessionCalls.emplace_back("connected");
        return connectRefusal;
    }

    [[nodiscard]] std::optional<Reply> helo(const SessionInfo& session) override
    {
        sessionCalls.push_back((session.esmtp ? "ehlo " : "helo ") + session.helo);
        return heloRefusal;
    }

    void disconnected(const SessionInfo&) override
    {
        expect(Phase::Idle, "disconnected");
        sessionCalls.emplace_back("disconnected");
    }

    [[nodiscard]] std::uint64_t octetsPerSecond() const noexcept override { return rate; }

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
        require(!envelope.recipients.empty(), "open without recipients");
        calls.emplace_back("open");
        _phase = Phase::Open;
        return openRefusal;
    }

    [[nodiscard]] Buffer writable() override
    {
        expect(Phase::Open, "writable");
        require(!_isFull, "writable() after written() said no");
        if (_room.size() != roomOctets)
            _room.assign(roomOctets, '#');
        return {_room.data(), _room.size()};
    }

    [[nodiscard]] bool written(std::size_t count) override
    {
        expect(Phase::Open, "written");
        require(count > 0, "written() of nothing");
        require(count <= _room.size(), "written() of more than the room");
        _data.append(_room.data(), count);
        // Whoever still reads what lies here reads this. (Not all of it: octet by octet that takes minutes.)
        std::fill_n(_room.begin(), std::min(_room.size(), count + 8), '#');
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
        require(_hasWork, "replied() without work");
        calls.emplace_back("replied");
        _hasWork = false;
    }

    void drop(const SessionInfo&, const Envelope& envelope, const Reply* reply) override
    {
        require(_phase != Phase::Idle || envelope.id.empty(),
                "drop() of a transaction that never began");
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

    /// The text is made only on failure: some of this is called for each octet.
    static void require(bool condition, const char* what)
    {
        if (!condition)
            CPPUNIT_FAIL(what);
    }

    void expect(Phase phase, const char* call) const
    {
        if (_phase != phase)
            CPPUNIT_FAIL(std::string("call out of order: ") + call);
        if (_hasWork)
            CPPUNIT_FAIL(std::string(call) + " while work after the reply is due");
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
