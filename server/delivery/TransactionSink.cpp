// What this is and its thread safety: TransactionSink.h.
#include "delivery/TransactionSink.h"

#include "delivery/HookLog.h"
#include "delivery/ReplyTarget.h"
#include "log/Entry.h"
#include "smtp/Trace.h"

#include <mpsmtp/Reply.h>

#include <Poco/Exception.h>
#include <Poco/Logger.h>

#include <cerrno>
#include <exception>
#include <string_view>
#include <system_error>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

constexpr smtp::FixedReply systemFull{452, "4.3.1", "Insufficient system storage"};

smtp::Reply spoolReply(int error)
{
    return error == ENOSPC || error == EDQUOT ? smtp::Reply(systemFull) : localError();
}

/// A cause that is in no handler. Never throws: it is the last thing that can be done.
void logError(const std::string& id, std::string_view what, std::string_view cause) noexcept
{
    try
    {
        Poco::Logger& logger = Poco::Logger::get("delivery");
        log::write(logger,
                   Poco::Message::PRIO_ERROR,
                   std::string(what) + " id=" + id + ": " + std::string(cause),
                   log::Fields{{log::Field::Transaction, id}});
    }
    catch (...) // NOLINT(bugprone-empty-catch)
    {
    }
}

/// What a notification threw.
void logFault(const HookCall& call, const ReplyTarget& target)
{
    if (target.isFaulted())
        logAnswer(call, AnswerKind::Fault, localError(), target.faultText());
}

} // namespace

TransactionSink::Mail::Mail(const SinkResources& resources, SessionPolicy& policy)
    : message(resources.pool, resources.files, resources.spool),
      view(message, resources.files, resources.spool),
      recipients(resources.chain, policy, envelope),
      delivery(resources.chain, resources.clock)
{
}

TransactionSink::TransactionSink(const SinkResources& resources)
    : _shared(resources),
      _policy(resources.chain, resources.clock, resources.replyTimeout, _session),
      _counts(resources.metrics)
{
}

/// The handlers' own objects go in the order in which they came to life: the transaction's first.
TransactionSink::~TransactionSink()
{
    _isBegun = false; // what the envelope looks at is gone
    clear();
    _session.scope().clear();
}

std::optional<smtp::Reply> TransactionSink::connected(const smtp::SessionInfo& session)
{
    _policy.select(session.listener);
    _session.setConnected(_shared.clock.now());
    return _policy.judge(PolicyHook::Connect, session);
}

std::optional<smtp::Reply> TransactionSink::helo(const smtp::SessionInfo& session)
{
    return _policy.judge(PolicyHook::Helo, session);
}

void TransactionSink::disconnected(const smtp::SessionInfo& session)
{
    _session.update(session);
    _policy.startTime();
    for (const LoadedHandler* handler : _shared.chain.onDisconnect())
    {
        ReplyTarget target;
        handler->functions().on_disconnect(handler->self(), &_session.abi(), &target);
        logFault({*handler, "onDisconnect", {}, &_session.abi()}, target);
    }
    _counts.flush();
}

void TransactionSink::commanded(smtp::Verb verb) noexcept
{
    _counts.command(verb);
}

void TransactionSink::recipientRefused() noexcept
{
    _counts.recipient(false);
}

std::uint64_t TransactionSink::octetsPerSecond() const noexcept
{
    return _session.scope().octetsPerSecond;
}

std::optional<smtp::Reply> TransactionSink::begin(const smtp::SessionInfo& session,
                                                  smtp::Envelope& envelope)
{
    clear();
    if (!_mail)
        _mail = std::make_unique<Mail>(_shared, _policy);
    _begun = _shared.clock.steady();
    const auto now = _shared.clock.now();
    _shared.ids.next(now, envelope.id);
    _counts.begun();
    _session.update(session);
    _mail->envelope.begin(_session.abi(), envelope, _mail->recipients.destinations(), now);
    _isBegun = true;
    return _policy.judge(PolicyHook::Mail, _mail->envelope);
}

std::optional<smtp::Reply> TransactionSink::recipient(const smtp::SessionInfo& session,
                                                      const smtp::Envelope& envelope,
                                                      const smtp::Recipient& recipient)
{
    auto refusal = _mail->recipients.admit(session, envelope, recipient);
    _counts.recipient(!refusal);
    return refusal;
}

std::optional<smtp::Reply> TransactionSink::open(const smtp::SessionInfo&, const smtp::Envelope&)
{
    return _policy.judge(PolicyHook::Data, _mail->envelope);
}

smtp::Buffer TransactionSink::writable()
{
    return _mail->message.writable();
}

bool TransactionSink::written(std::size_t count)
{
    return _mail->message.written(count);
}

smtp::Reply TransactionSink::complete(const smtp::SessionInfo& session,
                                      const smtp::Envelope& envelope)
{
    smtp::Reply reply = fencedDeliver(session, envelope);
    log(session, envelope, &reply, _ended);
    if (reply.isPositive())
        _isBegun = false; // onAccepted follows, not onReset
    if (!hasWorkAfterReply())
        clear();
    return reply;
}

/// The fence of architecture.md: whatever goes wrong on our side, the client keeps its mail.
smtp::Reply TransactionSink::fencedDeliver(const smtp::SessionInfo& session,
                                           const smtp::Envelope& envelope)
{
    try
    {
        return deliver(session, envelope);
    }
    catch (const Poco::Exception& error)
    {
        logError(envelope.id, "delivery", error.displayText());
    }
    catch (const std::exception& error)
    {
        logError(envelope.id, "delivery", error.what());
    }
    return localError();
}

smtp::Reply TransactionSink::deliver(const smtp::SessionInfo& session,
                                     const smtp::Envelope& envelope)
{
    _policy.startTime();
    _ended = _policy.now();
    if (!_mail->message.complete())
    {
        const std::error_code cause(_mail->message.error(), std::generic_category());
        logError(envelope.id, "spool", _shared.spool.directory + ": " + cause.message());
        return spoolReply(_mail->message.error());
    }
    _counts.received(_policy.now() - _begun);
    const auto now = _shared.clock.now();
    _session.update(session);
    _mail->envelope.update();
    _mail->envelope.setReceivedAt(now);
    _mail->plan.make(
        _mail->recipients.destinations(), _mail->envelope.allRecipients(), _shared.chain.size());
    smtp::makeReceivedField(session, envelope, now, _mail->trace);
    _mail->view.reset(_mail->trace);
    // Made before anything is delivered: after the commit nothing may fail any more, not even for want of memory.
    smtp::Reply accepted(250, "2.0.0", "Ok: " + envelope.id);
    auto refusal = _mail->delivery.run(input());
    _ended = _mail->delivery.now();
    return refusal ? *std::move(refusal) : std::move(accepted);
}

bool TransactionSink::hasWorkAfterReply() const noexcept
{
    return _mail && _mail->delivery.hasWorkAfterReply(_mail->plan);
}

void TransactionSink::replied()
{
    _policy.startTime(); // nobody waits for a reply any more, but a handler may hang
    _mail->delivery.afterReply(input());
    _counts.optional(_mail->delivery.now() - _policy.now(), _mail->delivery);
    clear();
}

void TransactionSink::drop(const smtp::SessionInfo& session,
                           const smtp::Envelope& envelope,
                           const smtp::Reply* reply)
{
    log(session, envelope, reply, envelope.id.empty() ? _begun : _shared.clock.steady());
    clear();
}

DeliveryInput TransactionSink::input() noexcept
{
    return {_mail->envelope.abi(),
            _policy.chain(),
            _mail->plan,
            _mail->view,
            _policy.now(),
            _policy.deadline()};
}

void TransactionSink::log(const smtp::SessionInfo& session,
                          const smtp::Envelope& envelope,
                          const smtp::Reply* reply,
                          std::chrono::steady_clock::time_point ended) noexcept
{
    const auto elapsed = ended - _begun;
    if (envelope.id.empty())
        _counts.refused(reply);
    else
        _counts.ended(reply, elapsed, _mail->message, _mail->delivery);
    static const std::vector<HandlerOutcome> none;
    _shared.log.write({session,
                       envelope,
                       _mail ? _mail->message.size() : 0,
                       reply,
                       std::chrono::duration_cast<std::chrono::milliseconds>(elapsed),
                       _mail ? _mail->delivery.outcomes() : none});
}

void TransactionSink::clear() noexcept
{
    if (!_mail)
        return;
    notifyReset();
    _mail->view.clear();
    _mail->message.clear();
    _mail->delivery.clear();
    _mail->plan.clear();
    _mail->recipients.clear();
    _mail->envelope.scope().clear();
}

void TransactionSink::notifyReset() noexcept
{
    if (!std::exchange(_isBegun, false))
        return;
    try
    {
        _mail->envelope.update();
        for (const LoadedHandler* handler : _shared.chain.onReset())
        {
            ReplyTarget target;
            handler->functions().on_reset(handler->self(), &_mail->envelope.abi(), &target);
            logFault({*handler, "onReset", mpsmtp::detail::fromAbi(_mail->envelope.abi().id)},
                     target);
        }
    }
    catch (const std::exception& error)
    {
        logError({}, "onReset", error.what());
    }
}

} // namespace mpsmtp::delivery
