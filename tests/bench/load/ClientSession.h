// The client's side of one connection: replies in, commands and messages out, message by message until none is left or the
// connection has had its share. No socket and no clock: both are the caller's.
// Thread safety: [one thread].
#pragma once

#include "bench/base/Measure.h"
#include "bench/load/LoadPlan.h"
#include "bench/load/MailMaker.h"
#include "bench/load/Output.h"
#include "bench/load/ReplyReader.h"
#include "bench/load/Tally.h"

#include <atomic>
#include <deque>
#include <optional>

namespace mpsmtp::bench
{

/// Numbers of the messages that nobody has begun. Thread safety: [any].
class MessageNumbers
{
public:
    explicit MessageNumbers(std::uint64_t messages) : _messages(messages) {}

    /// None: all are taken.
    [[nodiscard]] std::optional<std::uint64_t> next();

    [[nodiscard]] bool areLeft() const { return _next < _messages; }

private:
    const std::uint64_t _messages;
    std::atomic<std::uint64_t> _next{0};
};

class ClientSession
{
public:
    /// All of them outlive the session.
    ClientSession(const LoadPlan& plan,
                  const MailMaker& maker,
                  MessageNumbers& numbers,
                  Tally& tally);

    /// Call with each reply, in order, the greeting first. \return false: the connection is of no more use
    [[nodiscard]] bool onReply(const Reply& reply, Clock::time_point now);
    /// All of output() is with the kernel.
    void onFlushed(Clock::time_point now);
    /// The connection is lost. Messages on their way are unanswered; if there was none, one that was not begun is, so that
    /// a run against a dead server ends.
    void onLost(std::string_view why);

    [[nodiscard]] Output& output() { return _output; }

    /// The 221 has come.
    [[nodiscard]] bool isDone() const { return _isDone; }

    [[nodiscard]] bool isGreeted() const { return _isGreeted; }

private:
    enum class Await
    {
        Greeting,
        Hello,
        Mail,
        Recipient,
        Data,
        Chunk,
        Content, ///< the final dot's or the last chunk's
        Reset,
        Quit
    };

    struct Transaction
    {
        std::uint64_t number = 0;
        std::uint64_t recipientsSent = 0;
        std::uint64_t accepted = 0;   ///< recipients
        std::uint64_t octetsSent = 0; ///< by BDAT
        std::uint64_t answers = 0;    ///< to the content
        bool isRefused = false;
        std::optional<Clock::time_point> sent;
        bool isContentQueued = false;
    };

    void command(std::string_view text, Await reply);
    void beginMore();
    [[nodiscard]] bool begin();
    void quitIfIdle();
    void sendAllSteps(Transaction& transaction);
    void sendStep(Transaction& transaction);
    void sendRecipient(Transaction& transaction);
    void sendChunk(Transaction& transaction);
    void sendContent();
    [[nodiscard]] bool onHandshake(Await awaited, const Reply& reply);
    void onEnvelope(Await awaited, const Reply& reply);
    void onData(const Reply& reply);
    void onContent(const Reply& reply, Clock::time_point now);
    void abandon();
    void count(const Transaction& transaction, Clock::time_point now);
    void note(const Reply& reply);

    const LoadPlan& _plan;
    const MailMaker& _maker;
    MessageNumbers& _numbers;
    Tally& _tally;
    Output _output;
    std::deque<Await> _awaited{Await::Greeting};
    std::deque<Transaction> _transactions; ///< replies are always the front's
    std::uint64_t _begun = 0;
    bool _isGreeted = false;
    bool _isQuitting = false;
    bool _isDone = false;
};

} // namespace mpsmtp::bench
