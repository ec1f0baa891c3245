// The filters of one session: which they are by its listener, what they say at connection, HELO, MAIL and DATA, and the
// time that they and all who are asked with them have until the reply is due.
// Leaves to others: recipients (RecipientAdmission), the message (Delivery). Thread safety: [connection].
#pragma once

#include "delivery/Clock.h"
#include "delivery/EnvelopeView.h"
#include "delivery/HandlerChain.h"
#include "delivery/PolicyChain.h"
#include "delivery/SessionView.h"
#include "smtp/Envelope.h"
#include "smtp/Reply.h"

#include <chrono>
#include <optional>
#include <string_view>

namespace mpsmtp::delivery
{

class SessionPolicy
{
public:
    /// All that is referred to must outlive it.
    /// \param replyTimeout from a command or the final dot to its reply
    SessionPolicy(const HandlerChain& handlers,
                  Clock& clock,
                  std::chrono::milliseconds replyTimeout,
                  SessionView& session);
    SessionPolicy(const SessionPolicy&) = delete;
    SessionPolicy& operator=(const SessionPolicy&) = delete;

    /// The session is one of this listener.
    void select(std::string_view listener) noexcept { _chain = &_handlers.policyOf(listener); }

    [[nodiscard]] const PolicyChain& chain() const noexcept { return *_chain; }

    /// At Connect and Helo. \return the reply of the first filter that ends the chain, or nullopt
    [[nodiscard]] std::optional<smtp::Reply> judge(PolicyHook hook,
                                                   const smtp::SessionInfo& session);

    /// At Mail and Data. \return as above
    [[nodiscard]] std::optional<smtp::Reply> judge(PolicyHook hook, EnvelopeView& envelope);

    /// Each command and each message has its own time until the reply is due.
    void startTime();

    /// The last look at the clock.
    [[nodiscard]] std::chrono::steady_clock::time_point now() const noexcept { return _now; }

    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept
    {
        return _deadline;
    }

    /// What ask() wants to know beside the handler.
    /// \param id of the transaction, or ""
    [[nodiscard]] PolicyQuestion question(PolicyHook hook, std::string_view id) noexcept;

private:
    template <class Call>
    [[nodiscard]] std::optional<smtp::Reply>
    askAll(PolicyHook hook, std::string_view id, Call&& call);

    const HandlerChain& _handlers;
    Clock& _clock;
    const std::chrono::milliseconds _replyTimeout;
    SessionView& _session;
    const PolicyChain* _chain; ///< of the session's listener
    std::chrono::steady_clock::time_point _now;
    std::chrono::steady_clock::time_point _deadline;
};

} // namespace mpsmtp::delivery
