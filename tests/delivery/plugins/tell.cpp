// One-phase: records whom it delivered to.
#include "Probe.h"

namespace
{

class Tell : public mpsmtp::Handler
{
public:
    explicit Tell(const mpsmtp::Context& context) : _probe(context) {}

    mpsmtp::Report
    deliver(mpsmtp::Envelope&, const mpsmtp::Recipients& recipients, mpsmtp::Message&) override
    {
        std::string line = _probe.name() + " deliver ";
        for (std::size_t i = 0; i < recipients.size(); ++i)
            line += (i == 0 ? "<" : ",<") + std::string(recipients[i].address()) + ">";
        probe::appendLine(_probe.record(), line);
        _probe.failAs("deliver");
        return {};
    }

private:
    const probe::Probe _probe;
};

} // namespace

MPSMTP_PLUGIN(Tell, "tell", "1.0", {PROBE_OPTIONS})
