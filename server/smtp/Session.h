// What a server says to each command: one method for each verb (RFC 5321 3, 4.1; RFC 3030).
// Gets whole command lines and is told where mail data and chunks end; finding these in the octets is Dialog's, which
// command fits when is CommandOrder's, the grammar of arguments is the parsers', delivering is the sink's.
// Thread safety: [connection].
#pragma once

#include "smtp/Command.h"
#include "smtp/CommandOrder.h"
#include "smtp/Envelope.h"
#include "smtp/Path.h"
#include "smtp/Reply.h"
#include "smtp/SessionOptions.h"
#include "smtp/Transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

/// What the client's next octets are.
enum class Expected
{
    Command,
    MailData, ///< up to CRLF.CRLF
    Chunk,    ///< chunkOctets() of them
    Nothing   ///< the session is over
};

class Session
{
public:
    /// `options`, `sink` and `output` must outlive it; replies are appended to `output`.
    Session(const SessionOptions& options,
            SessionInfo info,
            MessageSink& sink,
            std::string& output);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Drops an open transaction and tells the sink that the session is over.
    ~Session();

    /// Appends the greeting: 220, or what the sink refuses the client with.
    void greet();

    /// Executes a command line, given without its line end.
    void execute(std::string_view line);

    /// The client sent a line over the limit. Of its `beginning` only the verb is looked at.
    void refuseLongLine(std::string_view beginning);

    /// Mail data and chunk octets go here, whether they are wanted or not.
    [[nodiscard]] MailDataWriter& data() noexcept { return _transaction.data(); }

    /// CRLF.CRLF was found: completes the message and answers.
    void endMailData();

    /// Octets of the chunk that are still to come.
    [[nodiscard]] std::uint64_t chunkOctets() const noexcept { return _chunk.octets; }

    /// `count` octets of the chunk have come. Answers the BDAT when it is whole.
    void chunkReceived(std::uint64_t count);

    /// Says `farewell` (RFC 5321 3.8) and ends the session; an open transaction is dropped.
    void close(const FixedReply& farewell);

    /// Ends the session without a word: the client is gone.
    void abandon();

    [[nodiscard]] Expected expected() const noexcept { return _expected; }

    [[nodiscard]] bool isInTransaction() const noexcept { return _transaction.isOpen(); }

private:
    using State = SessionState;

    enum class ChunkFate
    {
        Stored,
        OutOfSequence,
        Refused
    };

    struct Chunk
    {
        std::uint64_t octets = 0;
        std::uint64_t announced = 0;
        bool isLast = false;
        ChunkFate fate = ChunkFate::Stored;
        std::optional<Reply> refusal; // if Refused
    };

    void dispatch(const Command& command);
    void helo(std::string_view argument);
    void ehlo(std::string_view argument);
    void mail(std::string_view argument);
    void rcpt(std::string_view argument);
    void data(std::string_view argument);
    void bdat(std::string_view argument);
    void rset(std::string_view argument);
    void vrfy(std::string_view argument);
    void quit(std::string_view argument);

    void refuseSequence(Verb verb);
    void refuseService(const Reply& refusal);
    [[nodiscard]] bool acceptHelo(std::string_view argument, bool esmtp);
    void refuseMail(const FixedReply& refusal);
    [[nodiscard]] ChunkFate admitChunk();
    void endChunk();
    void endStoredChunk();
    void completeMessage(State next);

    void answer(const Reply& reply) { _replies.write(reply); }

    void answer(const FixedReply& reply) { _replies.write(reply); }

    [[nodiscard]] bool countsAsOneTooMany(const FixedReply& refusal) noexcept;
    void refuse(const FixedReply& refusal);
    void answerOfSink(const Reply& reply);
    void sayGoodbye(const FixedReply& farewell);
    [[nodiscard]] PathRules pathRules() const noexcept;

    const SessionOptions& _options;
    SessionInfo _info;
    MessageSink& _sink;
    ReplyWriter _replies;
    Transaction _transaction;
    State _state = State::Greeting;
    Expected _expected = Expected::Command;
    Chunk _chunk;
    bool _isConnected = false; // the sink knows of the session
    bool _anyRecipientRefused = false;
    unsigned _errors = 0; // client mistakes since the session or the last good message began
};

} // namespace mpsmtp::smtp
