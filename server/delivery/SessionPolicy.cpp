// What this is and its thread safety: SessionPolicy.h.
#include "delivery/SessionPolicy.h"

#include "delivery/ReplyTarget.h"

#include <mpsmtp/Reply.h>

#include <utility>

namespace mpsmtp::delivery
{

SessionPolicy::SessionPolicy(const HandlerChain& handlers,
                             Clock& clock,
                             std::chrono::milliseconds replyTimeout,
                             SessionView& session)
    : _handlers(handlers),
      _clock(clock),
      _replyTimeout(replyTimeout),
      _session(session),
      _chain(&handlers.policyOf({}))
{
}

void SessionPolicy::startTime()
{
    _now = _clock.steady();
    _deadline = _now + _replyTimeout;
    _session.setDeadline(_deadline);
}

PolicyQuestion SessionPolicy::question(PolicyHook hook, std::string_view id) noexcept
{
    return {hook, id, &_session.abi(), {}, _replyTimeout, _now};
}

/// The first filter that ends the chain gives the reply. \param call calls the hook: (handler, target) → verdict
template <class Call>
std::optional<smtp::Reply> SessionPolicy::askAll(PolicyHook hook, std::string_view id, Call&& call)
{
    for (LoadedHandler* filter : _chain->of(hook))
    {
        ReplyTarget target;
        PolicyAnswer answer = ask(*filter, question(hook, id), target, call);
        if (answer.decision == PolicyAnswer::Decision::End)
            return std::move(answer.reply);
    }
    return std::nullopt;
}

std::optional<smtp::Reply> SessionPolicy::judge(PolicyHook hook, const smtp::SessionInfo& session)
{
    _session.update(session);
    if (_chain->of(hook).empty())
        return std::nullopt;
    startTime();
    return askAll(hook,
                  {},
                  [&](const LoadedHandler& handler, ReplyTarget& target)
                  {
                      const auto call = hook == PolicyHook::Connect ? handler.functions().on_connect
                                                                    : handler.functions().on_helo;
                      return call(handler.self(), &_session.abi(), &target);
                  });
}

std::optional<smtp::Reply> SessionPolicy::judge(PolicyHook hook, EnvelopeView& envelope)
{
    if (_chain->of(hook).empty())
        return std::nullopt;
    startTime();
    envelope.update();
    return askAll(hook,
                  mpsmtp::detail::fromAbi(envelope.abi().id),
                  [&](const LoadedHandler& handler, ReplyTarget& target)
                  {
                      const auto call = hook == PolicyHook::Mail ? handler.functions().on_mail
                                                                 : handler.functions().on_data;
                      return call(handler.self(), &envelope.abi(), &target);
                  });
}

} // namespace mpsmtp::delivery
