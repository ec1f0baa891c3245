#include "bench/load/ClientSession.h"

#include <algorithm>

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] bool isPositive(const Reply& reply)
{
    return reply.code >= 200 && reply.code < 300;
}

} // namespace

std::optional<std::uint64_t> MessageNumbers::next()
{
    const std::uint64_t number = _next++;
    return number < _messages ? std::optional(number) : std::nullopt;
}

ClientSession::ClientSession(const LoadPlan& plan,
                             const MailMaker& maker,
                             MessageNumbers& numbers,
                             Tally& tally)
    : _plan(plan), _maker(maker), _numbers(numbers), _tally(tally)
{
}

bool ClientSession::onReply(const Reply& reply, Clock::time_point now)
{
    if (_awaited.empty() || reply.code == 0 || reply.code == 421)
        return false;
    const Await awaited = _awaited.front();
    _awaited.pop_front();
    switch (awaited)
    {
    case Await::Mail:
    case Await::Recipient:
    case Await::Chunk:
        onEnvelope(awaited, reply);
        return true;
    case Await::Data:
        onData(reply);
        return true;
    case Await::Content:
        onContent(reply, now);
        return true;
    default:
        return onHandshake(awaited, reply);
    }
}

bool ClientSession::onHandshake(Await awaited, const Reply& reply)
{
    if (!isPositive(reply))
        return false;
    if (awaited == Await::Greeting)
    {
        _isGreeted = true;
        command(_plan.speaksLmtp ? "LHLO load.example.com\r\n" : "EHLO load.example.com\r\n",
                Await::Hello);
    }
    else if (awaited == Await::Quit)
        _isDone = true;
    else
        beginMore();
    return true;
}

void ClientSession::onEnvelope(Await awaited, const Reply& reply)
{
    Transaction& transaction = _transactions.front();
    note(reply);
    if (awaited == Await::Recipient && isPositive(reply))
        ++transaction.accepted;
    if (_plan.pipelining != Pipelining::None)
        return;
    if (transaction.isRefused)
        abandon();
    else
        sendStep(transaction);
}

void ClientSession::onData(const Reply& reply)
{
    if (reply.code == 354)
        return sendContent();
    note(reply);
    _transactions.front().isRefused = true; // also behind a 2xx, which makes no sense here
    abandon();
}

void ClientSession::onContent(const Reply& reply, Clock::time_point now)
{
    Transaction& transaction = _transactions.front();
    note(reply);
    const std::uint64_t expected =
        _plan.speaksLmtp ? std::max<std::uint64_t>(transaction.accepted, 1) : 1;
    if (++transaction.answers < expected)
        return _awaited.push_front(Await::Content);
    const bool mayBeOpen = transaction.isRefused && _plan.usesBdat;
    count(transaction, now);
    _transactions.pop_front();
    if (mayBeOpen) // behind a refused chunk; with more transactions on their way it comes behind them
        command("RSET\r\n", Await::Reset);
    else
        beginMore();
}

/// Nothing of another transaction is on its way when this is called: the content was not sent.
void ClientSession::abandon()
{
    count(_transactions.front(), {});
    _transactions.pop_front();
    command("RSET\r\n", Await::Reset);
}

void ClientSession::count(const Transaction& transaction, Clock::time_point now)
{
    if (transaction.isRefused)
    {
        ++_tally.refused;
        return;
    }
    ++_tally.acknowledged;
    if (transaction.sent)
        _tally.latency.record(now - *transaction.sent);
    if (!_plan.acknowledgedFile.empty())
        _tally.acknowledgedIds.append(_maker.idOf(transaction.number)).append("\n");
}

void ClientSession::note(const Reply& reply)
{
    if (isPositive(reply))
        return;
    _transactions.front().isRefused = true;
    _tally.complain(reply.line);
}

/// Chunks need no reply before them, so that a whole transaction can follow the one before.
void ClientSession::beginMore()
{
    const std::size_t wanted = _plan.usesBdat && _plan.pipelining == Pipelining::Next ? 2 : 1;
    while (_transactions.size() < wanted && begin())
    {
    }
    quitIfIdle();
}

bool ClientSession::begin()
{
    if (_plan.perConnection != 0 && _begun == _plan.perConnection)
        return false;
    const std::optional<std::uint64_t> number = _numbers.next();
    if (!number)
        return false;
    ++_begun;
    Transaction& transaction = _transactions.emplace_back();
    transaction.number = *number;
    command("MAIL FROM:<load@example.com>\r\n", Await::Mail);
    if (_plan.pipelining != Pipelining::None)
        sendAllSteps(transaction);
    return true;
}

void ClientSession::quitIfIdle()
{
    if (!_transactions.empty() || _isQuitting || !_awaited.empty())
        return;
    _isQuitting = true;
    command("QUIT\r\n", Await::Quit);
}

void ClientSession::sendAllSteps(Transaction& transaction)
{
    do
        sendStep(transaction);
    while (_awaited.back() != Await::Data && _awaited.back() != Await::Content);
}

void ClientSession::sendStep(Transaction& transaction)
{
    if (transaction.recipientsSent < _plan.recipients)
        sendRecipient(transaction);
    else if (_plan.usesBdat)
        sendChunk(transaction);
    else
        command("DATA\r\n", Await::Data);
}

void ClientSession::sendRecipient(Transaction& transaction)
{
    const std::uint64_t box =
        _plan.recipients > 1 ? transaction.recipientsSent : transaction.number % _plan.mailboxes;
    ++transaction.recipientsSent;
    command("RCPT TO:<box" + std::to_string(box) + "@example.com>\r\n", Await::Recipient);
}

void ClientSession::sendChunk(Transaction& transaction)
{
    const std::uint64_t left = _plan.octets - transaction.octetsSent;
    const std::uint64_t size = _plan.chunk == 0 ? left : std::min(left, _plan.chunk);
    const bool isLast = size == left;
    command("BDAT " + std::to_string(size) + (isLast ? " LAST\r\n" : "\r\n"),
            isLast ? Await::Content : Await::Chunk);
    const Mail mail = _maker.mail(transaction.number);
    std::uint64_t skip = transaction.octetsSent;
    std::uint64_t take = size;
    const auto part = [&](std::string_view octets)
    {
        const std::uint64_t begin = std::min<std::uint64_t>(skip, octets.size());
        const std::string_view some = octets.substr(begin, take);
        skip -= begin;
        take -= some.size();
        return some;
    };
    _output.copy(part(mail.head));
    _output.share(part(mail.shared));
    _output.copy(part(mail.tail));
    transaction.octetsSent += size;
    transaction.isContentQueued = isLast;
}

void ClientSession::sendContent()
{
    const Mail mail = _maker.mail(_transactions.front().number);
    _output.copy(mail.head);
    _output.share(mail.shared);
    _output.copy(mail.tail);
    command(".\r\n", Await::Content);
    _transactions.front().isContentQueued = true;
    if (_plan.pipelining == Pipelining::Next)
        (void)begin();
}

void ClientSession::command(std::string_view text, Await reply)
{
    _output.copy(text);
    _awaited.push_back(reply);
}

void ClientSession::onFlushed(Clock::time_point now)
{
    for (Transaction& transaction : _transactions)
        if (transaction.isContentQueued && !transaction.sent)
            transaction.sent = now;
}

void ClientSession::onLost(std::string_view why)
{
    ++_tally.failedConnections;
    _tally.complain(why);
    if (_transactions.empty() && _numbers.next())
        ++_tally.unanswered;
    _tally.unanswered += _transactions.size();
    _transactions.clear();
}

} // namespace mpsmtp::bench
