// The world behind a session, as a fuzz input chooses it: which calls refuse, how much room there is, what is left to do
// after a reply. Insists on the order of calls that MessageSink.h promises, and keeps what it was told, for comparison.
// Thread safety: [connection].
#pragma once

#include "fuzz/Fuzzing.h"
#include "smtp/MessageSink.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::fuzz
{

struct SinkOptions
{
    std::size_t roomOctets = 64;
    std::size_t keepsOctets = std::numeric_limits<std::size_t>::max(); ///< then written() is false
    unsigned refusedCall = 0;   ///< 1: connected, 2: helo, 3: begin, 4: open; 0: none
    unsigned refusalCode = 554; ///< of it, and of recipients; 0: silent
    unsigned completionCode = 250;
    bool leavesWork = false;
};

class FuzzSink final : public smtp::MessageSink
{
public:
    struct Message
    {
        std::string data;
        bool isBinary;
    };

    explicit FuzzSink(const SinkOptions& options)
        : _options(options), _room(options.roomOctets, '#')
    {
    }

    std::vector<Message> messages; ///< accepted
    std::string calls;             ///< every call with what came with it, one a line

    [[nodiscard]] std::optional<smtp::Reply> connected(const smtp::SessionInfo&) override
    {
        return refusalOf(1, "connected");
    }

    [[nodiscard]] std::optional<smtp::Reply> helo(const smtp::SessionInfo& session) override
    {
        return refusalOf(2, "helo " + session.helo);
    }

    void disconnected(const smtp::SessionInfo&) override
    {
        expect(Phase::Idle, "disconnected");
        note("disconnected");
    }

    [[nodiscard]] std::optional<smtp::Reply> begin(const smtp::SessionInfo&,
                                                   smtp::Envelope& envelope) override
    {
        expect(Phase::Idle, "begin");
        envelope.id = "T" + std::to_string(++_lastId);
        _phase = Phase::Begun;
        _data.clear();
        return refusalOf(3, "begin " + envelope.reversePath.address + all(envelope.parameters));
    }

    /// A local part that begins with 'x' is refused, with the address in the reply: text of the client's.
    [[nodiscard]] std::optional<smtp::Reply> recipient(const smtp::SessionInfo&,
                                                       const smtp::Envelope&,
                                                       const smtp::Recipient& recipient) override
    {
        expect(Phase::Begun, "recipient");
        note("recipient " + recipient.path.address + all(recipient.parameters));
        if (recipient.path.localPart.substr(0, 1) != "x")
            return std::nullopt;
        return smtp::Reply(550, "5.1.1", "No such mailbox: " + recipient.path.localPart + "\n2nd");
    }

    [[nodiscard]] std::optional<smtp::Reply> open(const smtp::SessionInfo&,
                                                  const smtp::Envelope& envelope) override
    {
        expect(Phase::Begun, "open");
        REQUIRE(!envelope.recipients.empty(), "open without recipients");
        _phase = Phase::Open;
        return refusalOf(4, "open");
    }

    [[nodiscard]] smtp::Buffer writable() override
    {
        expect(Phase::Open, "writable");
        REQUIRE(!_isFull, "writable() after written() said no");
        return {_room.data(), _room.size()};
    }

    [[nodiscard]] bool written(std::size_t count) override
    {
        expect(Phase::Open, "written");
        REQUIRE(count > 0 && count <= _room.size(), "written() of nothing or of too much");
        _data.append(_room.data(), count);
        // Whoever still reads what lies here reads this. (Not all of it: octet by octet that would take long.)
        std::fill_n(_room.begin(), std::min(_room.size(), count + 8), '#');
        _isFull = _data.size() > _options.keepsOctets;
        return !_isFull;
    }

    [[nodiscard]] smtp::Reply complete(const smtp::SessionInfo&,
                                       const smtp::Envelope& envelope) override
    {
        expect(Phase::Open, "complete");
        const unsigned code = _isFull ? 452 : _options.completionCode;
        // How much came before the disk was full depends on how the octets came.
        note("complete " + std::to_string(code) + ' ' + envelope.id + ' ' + (_isFull ? "" : _data));
        if (code == 250)
            messages.push_back({_data, envelope.body == smtp::BodyType::BinaryMime});
        _hasWork = _options.leavesWork;
        end();
        return {code, "", "Completed " + envelope.id};
    }

    [[nodiscard]] bool hasWorkAfterReply() const noexcept override { return _hasWork; }

    void replied() override
    {
        REQUIRE(_hasWork, "replied() without work");
        note("replied");
        _hasWork = false;
    }

    void drop(const smtp::SessionInfo&,
              const smtp::Envelope& envelope,
              const smtp::Reply* reply) override
    {
        REQUIRE(_phase != Phase::Idle || envelope.id.empty(), "drop() of what never began");
        note("drop " + (reply == nullptr ? "-" : std::to_string(reply->code)));
        end();
    }

private:
    enum class Phase
    {
        Idle,
        Begun,
        Open
    };

    void expect(Phase phase, const char* call) const
    {
        REQUIRE(_phase == phase, std::string("out of order: ") + call);
        REQUIRE(!_hasWork, std::string("work after the reply is due: ") + call);
    }

    void note(const std::string& call) { calls += call + '\n'; }

    [[nodiscard]] static std::string all(const std::vector<smtp::EsmtpParameter>& parameters)
    {
        std::string text;
        for (const auto& parameter : parameters)
            text += ' ' + parameter.keyword + '=' + parameter.value;
        return text;
    }

    [[nodiscard]] std::optional<smtp::Reply> refusalOf(unsigned call, const std::string& text)
    {
        note(text);
        if (_options.refusedCall != call)
            return std::nullopt;
        return smtp::Reply(_options.refusalCode, "", "Refused: " + text);
    }

    void end()
    {
        _phase = Phase::Idle;
        _isFull = false;
        _data.clear();
    }

    const SinkOptions _options;
    Phase _phase = Phase::Idle;
    unsigned _lastId = 0;
    std::vector<char> _room;
    std::string _data;
    bool _isFull = false;
    bool _hasWork = false;
};

} // namespace mpsmtp::fuzz
