// Only hears of the 250.
#include "Probe.h"

namespace
{

class Watcher : public mpsmtp::Handler
{
public:
    explicit Watcher(const mpsmtp::Context& context) : _probe(context) {}

    void onAccepted(mpsmtp::Session&, mpsmtp::Envelope&) override { _probe.pass("onAccepted"); }

private:
    const probe::Probe _probe;
};

} // namespace

MPSMTP_PLUGIN(Watcher, "watcher", "1.0", {PROBE_OPTIONS})
