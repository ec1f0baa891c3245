// What this is and its thread safety: FaultsHandler.h.
#include "faults/FaultsHandler.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <thread>

namespace mpsmtp::faults
{

namespace
{

constexpr unsigned closingCode = 421;

/// 421 is the one code behind which the server closes (RFC 5321 3.8).
Verdict refusal(const Reply& reply)
{
    if (reply.code() == closingCode)
        return {Verdict::Disconnect, reply};
    return reply.code() < 500 ? Defer(reply) : Reject(reply);
}

Verdict verdictOf(const Actions& actions)
{
    switch (actions.ending)
    {
    case Actions::Ending::Reply:
        return refusal(actions.reply);
    case Actions::Ending::Drop:
        return Drop;
    case Actions::Ending::Discard:
        return Discard;
    case Actions::Ending::None:
        break;
    }
    return Continue;
}

} // namespace

FaultsHandler::FaultsHandler(const Context& context)
    : _log(context.log), _clock(context.clock), _rules(context.config)
{
    if (context.config.has("counters"))
        _counters = std::make_unique<CounterFile>(context.config.string("counters"), _rules);
}

void FaultsHandler::start()
{
    if (_counters)
        _counters->update();
}

void FaultsHandler::stop()
{
    for (const CountedRule& each : _rules.all())
        _log.information(each.rule().name + ": " + std::to_string(each.hits()) + " hits of " +
                         std::to_string(each.matches()) + " matches: " + each.rule().text);
    writeCounters();
}

Verdict FaultsHandler::onConnect(Session& session)
{
    return judge({Verb::Connect, session});
}

Verdict FaultsHandler::onHelo(Session& session)
{
    return judge({Verb::Helo, session});
}

Verdict FaultsHandler::onMail(Session& session, Envelope& envelope)
{
    return judge({Verb::Mail, session, &envelope});
}

Verdict FaultsHandler::onRcpt(Session& session, Envelope& envelope, NewRecipient& recipient)
{
    return judge({Verb::Rcpt, session, &envelope, &recipient});
}

Verdict FaultsHandler::onData(Session& session, Envelope& envelope)
{
    return judge({Verb::Data, session, &envelope});
}

Verdict FaultsHandler::onMessage(Session& session, Envelope& envelope, Message& message)
{
    return judge({Verb::Message, session, &envelope, nullptr, &message});
}

/// A rule that answers is the last one; one that only slows down or counts lets the next ones have their turn.
Verdict FaultsHandler::judge(const Event& event)
{
    for (CountedRule* each : _rules.on(event.verb))
    {
        if (!fits(each->rule().conditions, event))
            continue;
        const auto hit = each->count();
        if (!hit)
            continue;
        const Actions& actions = each->rule().actions;
        tell(each->rule(), *hit, event);
        act(actions, event.session);
        if (actions.ending != Actions::Ending::None)
            return verdictOf(actions);
    }
    return Continue;
}

void FaultsHandler::tell(const Rule& rule, std::uint64_t hit, const Event& event)
{
    _log.information(rule.name + ", hit " + std::to_string(hit) + ": " + describe(event) + ": " +
                     rule.actionText);
    writeCounters();
}

/// A test that asks for a fault shall get that fault and no other, so this one is only logged: once.
void FaultsHandler::writeCounters() noexcept
try
{
    if (_counters)
        _counters->update();
}

catch (const std::exception& error)
{
    if (!_hasToldOfCounters.exchange(true))
        _log.error(error.what());
}

/// Whoever sleeps beyond the deadline gets the server's own 451 instead of the rule's reply.
void FaultsHandler::act(const Actions& actions, const Session& session) const
{
    if (actions.octetsPerSecond != 0)
        session.throttle(actions.octetsPerSecond);
    if (actions.delay.count() == 0)
        return;
    const auto now = _clock.steady();
    const auto end = session.deadline();
    // A deadline of max() means none; comparing the distance and not now + delay cannot overflow.
    if (end > now)
        std::this_thread::sleep_for(
            std::min<std::chrono::steady_clock::duration>(actions.delay, end - now));
}

} // namespace mpsmtp::faults
