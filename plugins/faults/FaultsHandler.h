// The handler `faults`: misbehaves by rules, for those who test mail clients. It stores nothing; it is a filter.
// Thread safety: [any]; no lock but that of CounterFile.
#pragma once

#include "faults/CounterFile.h"
#include "faults/Event.h"
#include "faults/RuleList.h"

#include <mpsmtp/Handler.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace mpsmtp::faults
{

class FaultsHandler : public Handler
{
public:
    /// \throws std::invalid_argument, std::system_error as RuleList does
    explicit FaultsHandler(const Context& context);

    /// Writes the counters for the first time: what cannot be written then stops the start.
    void start() override;

    /// Logs what each rule did.
    void stop() override;

    Verdict onConnect(Session& session) override;
    Verdict onHelo(Session& session) override;
    Verdict onMail(Session& session, Envelope& envelope) override;
    Verdict onRcpt(Session& session, Envelope& envelope, NewRecipient& recipient) override;
    Verdict onData(Session& session, Envelope& envelope) override;
    Verdict onMessage(Session& session, Envelope& envelope, Message& message) override;

private:
    [[nodiscard]] Verdict judge(const Event& event);
    void tell(const Rule& rule, std::uint64_t hit, const Event& event);
    void writeCounters() noexcept;
    void act(const Actions& actions, const Session& session) const;

    const Log _log;
    const Clock _clock;
    RuleList _rules;
    std::unique_ptr<CounterFile> _counters; ///< nullptr: not asked for
    std::atomic<bool> _hasToldOfCounters{false};
};

} // namespace mpsmtp::faults
