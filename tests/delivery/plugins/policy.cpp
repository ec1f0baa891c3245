// Every policy hook and notification: records what it is asked, and answers what it is told to for one hook.
#include "Probe.h"

#include <chrono>
#include <thread>

namespace
{

struct Count
{
    int value = 0;
};

class Policy : public mpsmtp::Handler
{
public:
    explicit Policy(const mpsmtp::Context& context)
        : _probe(context),
          _on(context.config.string("on")),
          _verdict(static_cast<mpsmtp::Verdict::Kind>(context.config.integer("verdict"))),
          _redirect(context.config.list("redirect")),
          _only(context.config.string("only")),
          _sleep(context.config.duration("sleep")),
          _clock(context.clock)
    {
    }

    mpsmtp::Verdict onConnect(mpsmtp::Session& session) override
    {
        session.throttle(77);
        return answer(session, "onConnect", std::string(session.clientAddress()));
    }

    mpsmtp::Verdict onHelo(mpsmtp::Session& session) override
    {
        return answer(session, "onHelo", std::string(session.helo()));
    }

    mpsmtp::Verdict onMail(mpsmtp::Session& session, mpsmtp::Envelope& envelope) override
    {
        return answer(session, "onMail", "<" + std::string(envelope.reversePath()) + ">");
    }

    mpsmtp::Verdict onRcpt(mpsmtp::Session& session,
                           mpsmtp::Envelope& envelope,
                           mpsmtp::NewRecipient& recipient) override
    {
        ++envelope.local<Count>(*this).value;
        if (_on == "redirect" && (_only.empty() || recipient.address() == _only))
            for (const std::string& address : _redirect)
                recipient.redirect(address);
        return answer(session,
                      "onRcpt",
                      "<" + std::string(recipient.address()) + "> behind " +
                          std::to_string(envelope.recipientCount()));
    }

    mpsmtp::Verdict onData(mpsmtp::Session& session, mpsmtp::Envelope& envelope) override
    {
        return answer(session, "onData", all(envelope));
    }

    mpsmtp::Verdict
    onMessage(mpsmtp::Session& session, mpsmtp::Envelope& envelope, mpsmtp::Message&) override
    {
        return answer(session, "onMessage", all(envelope));
    }

    void onAccepted(mpsmtp::Session&, mpsmtp::Envelope& envelope) override
    {
        _probe.pass("onAccepted " + counted(envelope));
    }

    void onReset(mpsmtp::Session&, mpsmtp::Envelope& envelope) override
    {
        _probe.pass("onReset " + counted(envelope));
    }

    void onDisconnect(mpsmtp::Session& session) override
    {
        _probe.pass("onDisconnect " + std::to_string(session.local<Count>(*this).value));
    }

private:
    [[nodiscard]] std::string counted(const mpsmtp::Envelope& envelope) const
    {
        return std::to_string(envelope.local<Count>(*this).value) + " rcpt";
    }

    static std::string all(const mpsmtp::Envelope& envelope)
    {
        std::string text;
        for (std::size_t i = 0; i < envelope.recipientCount(); ++i)
            text += (i == 0 ? "<" : ",<") + std::string(envelope.recipient(i).address()) + ">";
        return text;
    }

    mpsmtp::Verdict
    answer(const mpsmtp::Session& session, const std::string& hook, const std::string& what) const
    {
        ++session.local<Count>(*this).value;
        probe::appendLine(_probe.record(), _probe.name() + " " + hook + " " + what);
        _probe.failAs(hook);
        if (_on != hook)
            return mpsmtp::Continue;
        if (session.deadline() <= _clock.steady())
            return mpsmtp::Reject({500, "5.0.0", "no time was given"});
        std::this_thread::sleep_for(_sleep);
        return {_verdict, _probe.reply()};
    }

    const probe::Probe _probe;
    const std::string _on;
    const mpsmtp::Verdict::Kind _verdict;
    const std::vector<std::string> _redirect;
    const std::string _only;
    const std::chrono::milliseconds _sleep;
    const mpsmtp::Clock _clock;
};

} // namespace

MPSMTP_PLUGIN(Policy,
              "policy",
              "1.0",
              {PROBE_OPTIONS,
               {"on", mpsmtp::Option::String, mpsmtp::Optional, "", "hook that answers"},
               {"verdict", mpsmtp::Option::Int, mpsmtp::Optional, "0", "number of the verdict"},
               {"sleep", mpsmtp::Option::Duration, mpsmtp::Optional, "0", "before answering"},
               {"redirect", mpsmtp::Option::List, mpsmtp::Optional, "", "addresses"},
               {"only", mpsmtp::Option::String, mpsmtp::Optional, "", "who is redirected; all"}})
