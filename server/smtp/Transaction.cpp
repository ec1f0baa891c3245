// See Transaction.h.
#include "smtp/Transaction.h"

#include <utility>

namespace mpsmtp::smtp
{

Transaction::Transaction(const SessionOptions& options,
                         const SessionInfo& session,
                         MessageSink& sink) noexcept
    : _session(session), _sink(sink), _data(options, sink)
{
}

Transaction::~Transaction()
{
    try
    {
        drop(nullptr);
    }
    catch (...) // NOLINT(bugprone-empty-catch): nobody is left to be told
    {
    }
}

Envelope& Transaction::prepare()
{
    _envelope.clear();
    return _envelope;
}

std::optional<Reply> Transaction::begin()
{
    _isOpen = true;
    std::optional<Reply> refusal = _sink.begin(_session, _envelope);
    if (refusal)
        drop(&*refusal);
    return refusal;
}

void Transaction::refuse(const Reply& reply)
{
    _sink.drop(_session, _envelope, &reply);
}

std::optional<Reply> Transaction::add(Recipient&& recipient)
{
    // What the sink has accepted must not be lost for want of memory: the two would know of different recipients.
    if (_envelope.recipients.size() == _envelope.recipients.capacity())
        _envelope.recipients.reserve(2 * _envelope.recipients.size() + 1);
    std::optional<Reply> refusal = _sink.recipient(_session, _envelope, recipient);
    if (!refusal)
        _envelope.recipients.push_back(std::move(recipient));
    return refusal;
}

std::optional<Reply> Transaction::open()
{
    std::optional<Reply> refusal = _sink.open(_session, _envelope);
    if (refusal)
        drop(&*refusal);
    else
        _data.open(_envelope.body);
    return refusal;
}

Reply Transaction::complete()
{
    _data.finish();
    if (_data.refusal())
    {
        const Reply reply(*_data.refusal());
        drop(&reply);
        return reply;
    }
    _isOpen = false;
    _data.close();
    return _sink.complete(_session, _envelope);
}

void Transaction::drop(const Reply* reply)
{
    _data.close();
    if (!std::exchange(_isOpen, false))
        return;
    _sink.drop(_session, _envelope, reply);
}

} // namespace mpsmtp::smtp
