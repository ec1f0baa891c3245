// What this is and its thread safety: TransactionSink.h.
#include "delivery/TransactionSink.h"

#include "smtp/Trace.h"

#include <Poco/Exception.h>
#include <Poco/Logger.h>

#include <cerrno>
#include <exception>
#include <string_view>
#include <system_error>

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
        logger.error(std::string(what) + " id=" + id + ": " + std::string(cause));
    }
    catch (...) // NOLINT(bugprone-empty-catch)
    {
    }
}

} // namespace

TransactionSink::TransactionSink(const SinkResources& resources)
    : _shared(resources),
      _message(resources.pool, resources.files, resources.spool),
      _view(_message, resources.files, resources.spool),
      _delivery(resources.chain)
{
}

std::optional<smtp::Reply> TransactionSink::begin(const smtp::SessionInfo&,
                                                  smtp::Envelope& envelope)
{
    clear();
    _begun = _shared.clock.steady();
    _shared.ids.next(_shared.clock.now(), envelope.id);
    return std::nullopt;
}

std::optional<smtp::Reply>
TransactionSink::recipient(const smtp::SessionInfo&, const smtp::Envelope&, const smtp::Recipient&)
{
    return std::nullopt;
}

std::optional<smtp::Reply> TransactionSink::open(const smtp::SessionInfo&, const smtp::Envelope&)
{
    return std::nullopt; // memory and file are taken when there are octets for them
}

smtp::Buffer TransactionSink::writable()
{
    return _message.writable();
}

bool TransactionSink::written(std::size_t count)
{
    return _message.written(count);
}

smtp::Reply TransactionSink::complete(const smtp::SessionInfo& session,
                                      const smtp::Envelope& envelope)
{
    smtp::Reply reply = fencedDeliver(session, envelope);
    log(session, envelope, &reply);
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
    if (!_message.complete())
    {
        const std::error_code cause(_message.error(), std::generic_category());
        logError(envelope.id, "spool", _shared.spool.directory + ": " + cause.message());
        return spoolReply(_message.error());
    }
    const auto now = _shared.clock.now();
    _envelope.reset(session, envelope, now);
    _trace = smtp::receivedField(session, envelope, now);
    _view.reset(_trace);
    // Made before anything is delivered: after the commit nothing may fail any more, not even for want of memory.
    smtp::Reply accepted(250, "2.0.0", "Ok: " + envelope.id);
    auto refusal = _delivery.run(input());
    return refusal ? *std::move(refusal) : std::move(accepted);
}

bool TransactionSink::hasWorkAfterReply() const noexcept
{
    return _delivery.hasWorkAfterReply();
}

void TransactionSink::replied()
{
    _delivery.afterReply(input());
    clear();
}

void TransactionSink::drop(const smtp::SessionInfo& session,
                           const smtp::Envelope& envelope,
                           const smtp::Reply* reply)
{
    log(session, envelope, reply);
    clear();
}

DeliveryInput TransactionSink::input() noexcept
{
    return {_envelope.abi(), _envelope.allRecipients(), _view};
}

void TransactionSink::log(const smtp::SessionInfo& session,
                          const smtp::Envelope& envelope,
                          const smtp::Reply* reply) const noexcept
{
    const bool hasBegun = !envelope.id.empty();
    const auto elapsed =
        hasBegun ? _shared.clock.steady() - _begun : std::chrono::steady_clock::duration(0);
    _shared.log.write({session,
                       envelope,
                       _message.size(),
                       reply,
                       std::chrono::duration_cast<std::chrono::milliseconds>(elapsed),
                       _delivery.outcomes()});
}

void TransactionSink::clear() noexcept
{
    _view.clear();
    _message.clear();
    _delivery.clear();
}

} // namespace mpsmtp::delivery
