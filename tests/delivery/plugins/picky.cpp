// One-phase, and knows of one mailbox that there is none.
#include "Probe.h"

namespace
{

class Picky : public mpsmtp::Handler
{
public:
    explicit Picky(const mpsmtp::Context& context)
        : _probe(context), _unknown(context.config.string("unknown"))
    {
    }

    mpsmtp::Verdict
    onRcpt(mpsmtp::Session&, mpsmtp::Envelope&, mpsmtp::NewRecipient& recipient) override
    {
        if (recipient.address() == _unknown)
            return mpsmtp::Reject(mpsmtp::Reply::noSuchUser());
        return mpsmtp::Continue;
    }

    mpsmtp::Report deliver(mpsmtp::Envelope&, const mpsmtp::Recipients&, mpsmtp::Message&) override
    {
        _probe.pass("deliver");
        return {};
    }

private:
    const probe::Probe _probe;
    const std::string _unknown;
};

} // namespace

MPSMTP_PLUGIN(Picky,
              "picky",
              "1.0",
              {PROBE_OPTIONS,
               {"unknown", mpsmtp::Option::String, mpsmtp::Optional, "", "an address"}})
