// See Session.h. Each verb's method goes: argument, then the sink, then the reply and the next state.
#include "smtp/Session.h"

#include "smtp/MailArguments.h"
#include "smtp/Replies.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace mpsmtp::smtp
{

namespace
{

/// EHLO keywords of RFC 6152, 6531, 3030 (two), 3461, 2034 and RFC 5321 4.1.1.8; PIPELINING (RFC 2920) and SIZE
/// (RFC 1870) stand in front of them.
constexpr std::string_view otherExtensions = "8BITMIME\nSMTPUTF8\nCHUNKING\nBINARYMIME\nDSN"
                                             "\nENHANCEDSTATUSCODES\nHELP";

/// Control octets have no place in any command (RFC 5321 4.1.2 allows none even in quoted strings). A bare CR among them
/// is what smuggling is made of. A tab is let through: it is white space, which the parsers judge.
bool hasControlOctet(std::string_view line) noexcept
{
    return std::any_of(line.begin(),
                       line.end(),
                       [](char octet)
                       {
                           const auto value = static_cast<unsigned char>(octet);
                           return (value < ' ' && octet != '\t') || octet == '\x7F';
                       });
}

/// Wrong syntax, wrong order, unknown: what limits.errors counts. Limits of ours and refusals of content are not mistakes.
bool isMistake(const FixedReply& reply) noexcept
{
    return (reply.code >= 500 && reply.code <= 504) || reply.code == 553 || reply.code == 555;
}

} // namespace

Session::Session(const SessionOptions& options,
                 SessionInfo info,
                 MessageSink& sink,
                 std::string& output)
    : _options(options),
      _info(std::move(info)),
      _sink(sink),
      _replies(output),
      _transaction(options, _info, sink)
{
}

Session::~Session()
{
    try
    {
        _transaction.drop(nullptr);
        if (_isConnected)
            _sink.disconnected(_info);
    }
    catch (...) // NOLINT(bugprone-empty-catch): nobody is left to be told
    {
    }
}

void Session::greet()
{
    _isConnected = true;
    if (const auto refusal = _sink.connected(_info))
        return refuseService(*refusal);
    _replies.write(220, "", _info.hostname + " ESMTP mpsmtpd");
}

/// RFC 5321 3.1: a server that refuses a client greets it with 554 and waits for its QUIT.
void Session::refuseService(const Reply& refusal)
{
    _state = State::Refused;
    answerOfSink(refusal);
}

void Session::execute(std::string_view line)
{
    const Command command = parseCommand(line);
    _sink.commanded(command.verb);
    if (hasControlOctet(line))
    {
        // What follows a BDAT cannot be told from commands if its line is not understood.
        return command.verb == Verb::Bdat ? bdat("") : refuse(replies::controlOctet);
    }
    // The octets of a chunk come whether it fits or not, so bdat() looks for itself.
    if (!fits(command.verb, _state) && command.verb != Verb::Bdat)
        return refuseSequence(command.verb);
    dispatch(command);
}

void Session::dispatch(const Command& command)
{
    switch (command.verb)
    {
    case Verb::Helo:
        return helo(command.argument);
    case Verb::Ehlo:
        return ehlo(command.argument);
    case Verb::Mail:
        return mail(command.argument);
    case Verb::Rcpt:
        return rcpt(command.argument);
    case Verb::Data:
        return data(command.argument);
    case Verb::Bdat:
        return bdat(command.argument);
    case Verb::Rset:
        return rset(command.argument);
    case Verb::Noop:
        return answer(replies::noop);
    case Verb::Vrfy:
        return vrfy(command.argument);
    case Verb::Help:
        return answer(replies::help);
    case Verb::Quit:
        return quit(command.argument);
    case Verb::Expn: // there are no lists here
        return refuse(replies::notImplemented);
    case Verb::StartTls: // RFC 3207; not advertised
        return refuse(replies::notImplemented);
    case Verb::Auth: // RFC 4954; not advertised
        return refuse(replies::notImplemented);
    case Verb::Http:
        return close(replies::httpRequest);
    case Verb::Unknown:
        return refuse(replies::unrecognized);
    }
}

void Session::refuseSequence(Verb verb)
{
    const FixedReply refusal = orderRefusal(verb, _state, _anyRecipientRefused);
    if (refusal.code == replies::noValidRecipients.code)
    {
        const Reply reply(refusal);
        _transaction.drop(&reply);
        _state = State::Ready;
    }
    refuse(refusal);
}

void Session::helo(std::string_view argument)
{
    if (!acceptHelo(argument, false))
        return;
    _replies.write(250, "", _info.hostname + " greets " + _info.clientAddress);
}

void Session::ehlo(std::string_view argument)
{
    if (!acceptHelo(argument, true))
        return;
    // In parts: a text of all of them would stay behind in the allocator's cache of each idle thread.
    constexpr auto more = ReplyWriter::Then::MoreLines;
    _replies.write(250, "", _info.hostname + " greets " + _info.clientAddress, more);
    _replies.write(250, "", "PIPELINING", more);
    // 0: no fixed limit (RFC 1870 4)
    _replies.write(250, "", "SIZE " + std::to_string(_options.maxMessageOctets), more);
    _replies.write(250, "", otherExtensions);
}

/// A HELO that is refused changes nothing; one that is accepted resets (RFC 5321 4.1.4).
bool Session::acceptHelo(std::string_view argument, bool esmtp)
{
    if (!isValidHelo(argument, _options.strictAddresses))
    {
        refuse(replies::heloSyntax);
        return false;
    }
    const std::string before = std::exchange(_info.helo, std::string(argument));
    const bool wasEsmtp = std::exchange(_info.esmtp, esmtp);
    if (const auto refusal = _sink.helo(_info))
    {
        _info.helo = before;
        _info.esmtp = wasEsmtp;
        answerOfSink(*refusal);
        return false;
    }
    _transaction.drop(nullptr);
    _state = State::Ready;
    return true;
}

void Session::mail(std::string_view argument)
{
    Envelope& envelope = _transaction.prepare();
    if (const auto refusal = parseMail(argument, pathRules(), _options.maxMessageOctets, envelope))
        return refuseMail(*refusal);
    if (!_info.esmtp && !envelope.parameters.empty())
        return refuseMail(replies::parametersNeedEhlo);
    _replies.allowUtf8(envelope.smtpUtf8);
    if (const auto refusal = _transaction.begin())
        return answerOfSink(*refusal);
    _anyRecipientRefused = false;
    _state = State::MailFrom;
    answer(replies::sender);
}

void Session::refuseMail(const FixedReply& refusal)
{
    _transaction.refuse(Reply(refusal));
    refuse(refusal);
}

void Session::rcpt(std::string_view argument)
{
    Recipient recipient;
    auto mistake = parseRcpt(argument, pathRules(), _transaction.envelope(), recipient);
    if (!mistake && !_info.esmtp && !recipient.parameters.empty())
        mistake = replies::parametersNeedEhlo;
    if (!mistake && _transaction.envelope().recipients.size() >= _options.maxRecipients)
        mistake =
            replies::tooManyRecipients; // the sender tries the rest again (RFC 5321 4.5.3.1.10)
    if (mistake)
    {
        _anyRecipientRefused = true;
        _sink.recipientRefused();
        return refuse(*mistake);
    }
    if (const auto refusal = _transaction.add(std::move(recipient)))
    {
        _anyRecipientRefused = true;
        return answerOfSink(*refusal);
    }
    _state = State::RcptTo;
    answer(replies::recipient);
}

void Session::data(std::string_view argument)
{
    if (!argument.empty())
        return refuse(replies::noArgument);
    if (_transaction.envelope().body == BodyType::BinaryMime)
        return refuse(replies::binaryNeedsBdat); // RFC 3030 3: it may hold CRLF.CRLF
    if (const auto refusal = _transaction.open())
    {
        _state = State::Ready;
        return answerOfSink(*refusal);
    }
    _expected = Expected::MailData;
    answer(replies::startData);
}

void Session::endMailData()
{
    completeMessage(State::Ready);
}

void Session::completeMessage(State next)
{
    _expected = Expected::Command;
    _state = next;
    const Reply reply = _transaction.complete();
    if (reply.isPositive())
        _errors = 0;
    answerOfSink(reply);
}

void Session::bdat(std::string_view argument)
{
    const auto arguments = parseBdat(argument);
    if (!arguments)
    {
        // A deviation from RFC 5321 3.8 (only QUIT, 421 and time end a session): how many octets to pass over is unknown,
        // and executing a chunk as commands is worse than a closed connection.
        return close(replies::bdatSyntax);
    }
    _chunk.octets = _chunk.announced = arguments->octets;
    _chunk.isLast = arguments->last;
    _chunk.fate = admitChunk();
    _expected = Expected::Chunk;
    chunkReceived(0);
}

Session::ChunkFate Session::admitChunk()
{
    if (!fits(Verb::Bdat, _state))
        return ChunkFate::OutOfSequence;
    if (_state == State::RcptTo)
    {
        _chunk.refusal = _transaction.open();
        if (_chunk.refusal)
            return ChunkFate::Refused;
        _state = State::Bdat;
    }
    return ChunkFate::Stored;
}

void Session::chunkReceived(std::uint64_t count)
{
    _chunk.octets -= count;
    if (_chunk.octets == 0)
        endChunk();
}

void Session::endChunk()
{
    _expected = Expected::Command;
    switch (_chunk.fate)
    {
    case ChunkFate::Stored:
        return endStoredChunk();
    case ChunkFate::OutOfSequence:
        return refuseSequence(Verb::Bdat);
    case ChunkFate::Refused:
        _state = _chunk.isLast ? State::Ready : State::BdatFailed;
        return answerOfSink(*_chunk.refusal);
    }
}

// RFC 3030 2: after a chunk that failed all others are refused until RSET. If it was the last one there are no others.
void Session::endStoredChunk()
{
    if (_chunk.isLast)
        return completeMessage(State::Ready);
    if (data().hasFailed())
        return completeMessage(State::BdatFailed);
    constexpr std::string_view text = " octets received";
    std::array<char, 20 + text.size()> line{}; // 20 digits: 2^64
    char* const end = std::to_chars(line.data(), line.data() + 20, _chunk.announced).ptr;
    char* const stop = std::copy(text.begin(), text.end(), end);
    _replies.write(250, "2.0.0", {line.data(), static_cast<std::size_t>(stop - line.data())});
}

void Session::rset(std::string_view argument)
{
    if (!argument.empty())
        return refuse(replies::noArgument);
    _transaction.drop(nullptr);
    if (_state != State::Greeting)
        _state = State::Ready;
    answer(replies::reset);
}

void Session::vrfy(std::string_view argument)
{
    if (argument.empty())
        return refuse(replies::vrfySyntax);
    answer(replies::notVerified);
}

void Session::quit(std::string_view argument)
{
    if (!argument.empty())
        return refuse(replies::noArgument);
    abandon();
    sayGoodbye(replies::goodbye);
}

void Session::refuseLongLine(std::string_view beginning)
{
    const Verb verb = parseCommand(beginning).verb;
    _sink.commanded(verb);
    // As in execute(): the octets behind a BDAT are not commands.
    return verb == Verb::Bdat ? bdat("") : refuse(replies::lineTooLong);
}

bool Session::countsAsOneTooMany(const FixedReply& refusal) noexcept
{
    if (!isMistake(refusal) || _options.maxErrors == 0)
        return false;
    return ++_errors > _options.maxErrors;
}

void Session::refuse(const FixedReply& refusal)
{
    if (countsAsOneTooMany(refusal))
        return close(replies::tooManyErrors);
    answer(refusal);
}

void Session::close(const FixedReply& farewell)
{
    _expected = Expected::Nothing;
    if (_transaction.isOpen())
    {
        const Reply reply(farewell);
        _transaction.drop(&reply);
    }
    sayGoodbye(farewell);
}

/// A handler may want the connection closed: after a 421 (RFC 5321 3.8), or without a word.
void Session::answerOfSink(const Reply& reply)
{
    if (!reply.isSilent())
        answer(reply);
    if (reply.isSilent() || reply.code == 421)
        abandon();
}

/// 221 and 421 name the host first (RFC 5321 4.2.3).
void Session::sayGoodbye(const FixedReply& farewell)
{
    if (farewell.code == 221 || farewell.code == 421)
        _replies.write(
            farewell.code, farewell.enhanced, _info.hostname + ' ' + std::string(farewell.text));
    else
        answer(farewell);
}

void Session::abandon()
{
    _expected = Expected::Nothing;
    _transaction.drop(nullptr);
}

PathRules Session::pathRules() const noexcept
{
    return {_options.strictAddresses, _info.hostname};
}

} // namespace mpsmtp::smtp
