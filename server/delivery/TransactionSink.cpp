// What this is and its thread safety: TransactionSink.h.
#include "delivery/TransactionSink.h"

#include "delivery/HookLog.h"
#include "delivery/ReplyTarget.h"
#include "log/Entry.h"
#include "smtp/Printable.h"
#include "smtp/Trace.h"

#include <mpsmtp/Reply.h>

#include <Poco/Exception.h>
#include <Poco/Logger.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
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

TransactionSink::Mail::Mail(const SinkResources& resources)
    : message(resources.pool, resources.files, resources.spool),
      view(message, resources.files, resources.spool),
      delivery(resources.chain, resources.clock)
{
}

TransactionSink::TransactionSink(const SinkResources& resources)
    : _shared(resources), _policy(&resources.chain.policyOf({})), _counts(resources.metrics)
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
    _policy = &_shared.chain.policyOf(session.listener);
    _session.setConnected(_shared.clock.now());
    return judgeSession(PolicyHook::Connect, session);
}

std::optional<smtp::Reply> TransactionSink::helo(const smtp::SessionInfo& session)
{
    return judgeSession(PolicyHook::Helo, session);
}

void TransactionSink::disconnected(const smtp::SessionInfo& session)
{
    _session.update(session);
    startTime();
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

/// Each command and each message has its own time until the reply is due.
void TransactionSink::startTime()
{
    _now = _shared.clock.steady();
    _deadline = _now + _shared.replyTimeout;
    _session.setDeadline(_deadline);
}

PolicyQuestion TransactionSink::question(PolicyHook hook) noexcept
{
    return {hook,
            hook == PolicyHook::Connect || hook == PolicyHook::Helo
                ? std::string_view()
                : mpsmtp::detail::fromAbi(_mail->envelope.abi().id),
            &_session.abi(),
            {},
            _shared.replyTimeout,
            _now};
}

/// The first filter that ends the chain gives the reply. \param call calls the hook: (handler, target) → verdict
template <class Call>
std::optional<smtp::Reply> TransactionSink::askAll(PolicyHook hook, Call&& call)
{
    for (LoadedHandler* filter : _policy->of(hook))
    {
        ReplyTarget target;
        PolicyAnswer answer = ask(*filter, question(hook), target, call);
        if (answer.decision == PolicyAnswer::Decision::End)
            return std::move(answer.reply);
    }
    return std::nullopt;
}

std::optional<smtp::Reply> TransactionSink::judgeSession(PolicyHook hook,
                                                         const smtp::SessionInfo& session)
{
    _session.update(session);
    if (_policy->of(hook).empty())
        return std::nullopt;
    startTime();
    return askAll(hook,
                  [&](const LoadedHandler& handler, ReplyTarget& target)
                  {
                      const auto call = hook == PolicyHook::Connect ? handler.functions().on_connect
                                                                    : handler.functions().on_helo;
                      return call(handler.self(), &_session.abi(), &target);
                  });
}

std::optional<smtp::Reply> TransactionSink::judgeEnvelope(PolicyHook hook)
{
    if (_policy->of(hook).empty())
        return std::nullopt;
    startTime();
    _mail->envelope.update();
    return askAll(hook,
                  [&](const LoadedHandler& handler, ReplyTarget& target)
                  {
                      const auto call = hook == PolicyHook::Mail ? handler.functions().on_mail
                                                                 : handler.functions().on_data;
                      return call(handler.self(), &_mail->envelope.abi(), &target);
                  });
}

std::optional<smtp::Reply> TransactionSink::begin(const smtp::SessionInfo& session,
                                                  smtp::Envelope& envelope)
{
    clear();
    if (!_mail)
        _mail = std::make_unique<Mail>(_shared);
    _begun = _shared.clock.steady();
    const auto now = _shared.clock.now();
    _shared.ids.next(now, envelope.id);
    _counts.begun();
    _session.update(session);
    _mail->envelope.begin(_session.abi(), envelope, _mail->destinations, now);
    _isBegun = true;
    return judgeEnvelope(PolicyHook::Mail);
}

/// Route, then filters, then the handlers that would deliver; with what filters put in the recipient's place instead of
/// it, each with a route and handlers of its own.
std::optional<smtp::Reply> TransactionSink::recipient(const smtp::SessionInfo& session,
                                                      const smtp::Envelope& envelope,
                                                      const smtp::Recipient& recipient)
{
    auto refusal = routed(session, envelope, recipient);
    _counts.recipient(!refusal);
    return refusal;
}

std::optional<smtp::Reply> TransactionSink::routed(const smtp::SessionInfo& session,
                                                   const smtp::Envelope& envelope,
                                                   const smtp::Recipient& recipient)
{
    _mail->envelope
        .update(); // before there are destinations of a RCPT that the envelope does not have yet
    HandlerChain::Routed route =
        _shared.chain.route({session, envelope.reversePath, recipient.path});
    if (!route.plan)
        return refuseByRoute(std::move(route), envelope, recipient.path);
    std::vector<smtp::Path> redirects;
    if (!_policy->of(PolicyHook::Rcpt).empty())
        if (auto refusal = askFilters(recipient, redirects))
            return refusal;
    if (redirects.empty())
    {
        // An alias before it may have led to this one.
        if (_hasRedirects && isDestination(recipient.path, envelope))
            return std::nullopt;
        return addDestination(recipient, envelope, nullptr, *route.plan);
    }
    _hasRedirects = true;
    const std::size_t before = _mail->destinations.size();
    auto refusal = redirect(session, envelope, recipient, std::move(redirects));
    if (refusal)
        _mail->destinations.erase(_mail->destinations.begin() + static_cast<std::ptrdiff_t>(before),
                                  _mail->destinations.end());
    return refusal;
}

/// All or none: an alias whose ends are not all to be had would lose a part of its mail.
std::optional<smtp::Reply> TransactionSink::redirect(const smtp::SessionInfo& session,
                                                     const smtp::Envelope& envelope,
                                                     const smtp::Recipient& recipient,
                                                     std::vector<smtp::Path>&& paths)
{
    for (smtp::Path& path : paths)
    {
        if (isDestination(path, envelope))
            continue;
        HandlerChain::Routed routed = _shared.chain.route({session, envelope.reversePath, path});
        if (!routed.plan)
            return refuseByRoute(std::move(routed), envelope, path);
        if (auto refusal = addDestination(
                recipient, envelope, std::make_unique<smtp::Path>(std::move(path)), *routed.plan))
            return refusal;
    }
    return std::nullopt;
}

/// An alias may lead to one who gets the mail already.
bool TransactionSink::isDestination(const smtp::Path& path, const smtp::Envelope& envelope) const
{
    return std::any_of(_mail->destinations.begin(),
                       _mail->destinations.end(),
                       [&](const Destination& each)
                       { return each.path(envelope).address == path.address; });
}

smtp::Reply TransactionSink::refuseByRoute(HandlerChain::Routed&& routed,
                                           const smtp::Envelope& envelope,
                                           const smtp::Path& path)
{
    Poco::Logger& logger = Poco::Logger::get("delivery");
    if (logger.information())
    {
        std::string text = "RCPT id=" + envelope.id + " to=<";
        smtp::appendPrintable(text, path.address);
        text.append(routed.route.empty() ? ">: no route" : ">: [route:");
        text.append(routed.route).append(routed.route.empty() ? "" : "]");
        log::write(logger,
                   Poco::Message::PRIO_INFORMATION,
                   text + " refused it with " + std::to_string(routed.refusal.code),
                   log::Fields{{log::Field::Transaction, envelope.id},
                               {log::Field::Recipient, path.address},
                               {log::Field::Route, routed.route},
                               {log::Field::Code, std::uint64_t{routed.refusal.code}}});
    }
    return std::move(routed.refusal);
}

std::optional<smtp::Reply> TransactionSink::askFilters(const smtp::Recipient& recipient,
                                                       std::vector<smtp::Path>& redirects)
{
    using Decision = PolicyAnswer::Decision;
    startTime();
    const mpsmtp_recipient& candidate = _mail->envelope.candidate(recipient, nullptr);
    for (LoadedHandler* filter : _policy->of(PolicyHook::Rcpt))
    {
        ReplyTarget target(ReplyTarget::Power::Redirect);
        PolicyAnswer answer = askAboutRecipient(*filter, candidate, target);
        if (answer.decision == Decision::End)
            return std::move(answer.reply);
        if (answer.kind == AnswerKind::Success)
            for (smtp::Path& path : target.redirects())
                redirects.push_back(std::move(path));
        if (answer.decision == Decision::Accept)
            break;
    }
    return std::nullopt;
}

PolicyAnswer TransactionSink::askAboutRecipient(LoadedHandler& handler,
                                                const mpsmtp_recipient& candidate,
                                                ReplyTarget& target)
{
    PolicyQuestion about = question(PolicyHook::Rcpt);
    about.recipient = mpsmtp::detail::fromAbi(candidate.address);
    return ask(handler,
               about,
               target,
               [&](const LoadedHandler& asked, ReplyTarget& to) {
                   return asked.functions().on_rcpt(
                       asked.self(), &_mail->envelope.abi(), &candidate, &to);
               });
}

/// Asks the handlers that would deliver to it whether they can: a store may know that there is no such mailbox.
std::optional<smtp::Reply> TransactionSink::addDestination(const smtp::Recipient& recipient,
                                                           const smtp::Envelope& envelope,
                                                           std::unique_ptr<smtp::Path> redirected,
                                                           const RoutePlan& plan)
{
    for (const RoutePlan::Target& each : plan.targets)
    {
        if (!each.isRequired || !each.handler->has(MPSMTP_HOOK_RCPT))
            continue;
        startTime();
        ReplyTarget target;
        PolicyAnswer answer = askAboutRecipient(
            *each.handler, _mail->envelope.candidate(recipient, redirected.get()), target);
        if (answer.decision == PolicyAnswer::Decision::End)
            return std::move(answer.reply);
    }
    const auto place = static_cast<std::uint32_t>(envelope.recipients.size());
    _mail->destinations.push_back({place, std::move(redirected), &plan});
    return std::nullopt;
}

std::optional<smtp::Reply> TransactionSink::open(const smtp::SessionInfo&, const smtp::Envelope&)
{
    return judgeEnvelope(PolicyHook::Data);
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
    log(session, envelope, &reply, _now);
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
    startTime();
    if (!_mail->message.complete())
    {
        const std::error_code cause(_mail->message.error(), std::generic_category());
        logError(envelope.id, "spool", _shared.spool.directory + ": " + cause.message());
        return spoolReply(_mail->message.error());
    }
    _counts.received(_now - _begun);
    const auto now = _shared.clock.now();
    _session.update(session);
    _mail->envelope.update();
    _mail->envelope.setReceivedAt(now);
    _mail->plan.make(_mail->destinations, _mail->envelope.allRecipients(), _shared.chain.size());
    smtp::makeReceivedField(session, envelope, now, _mail->trace);
    _mail->view.reset(_mail->trace);
    // Made before anything is delivered: after the commit nothing may fail any more, not even for want of memory.
    smtp::Reply accepted(250, "2.0.0", "Ok: " + envelope.id);
    auto refusal = _mail->delivery.run(input());
    _now = _mail->delivery.now();
    return refusal ? *std::move(refusal) : std::move(accepted);
}

bool TransactionSink::hasWorkAfterReply() const noexcept
{
    return _mail && _mail->delivery.hasWorkAfterReply(_mail->plan);
}

void TransactionSink::replied()
{
    startTime(); // nobody waits for a reply any more, but a handler may hang
    _mail->delivery.afterReply(input());
    _counts.optional(_mail->delivery.now() - _now, _mail->delivery);
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
    return {_mail->envelope.abi(), *_policy, _mail->plan, _mail->view, _now, _deadline};
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
    _mail->destinations.clear();
    _hasRedirects = false;
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
