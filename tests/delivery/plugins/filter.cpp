// Filters only: answers any verdict, and edits.
#include "Probe.h"

namespace
{

class Filter : public mpsmtp::Handler
{
public:
    explicit Filter(const mpsmtp::Context& context)
        : _probe(context),
          _verdict(static_cast<mpsmtp::Verdict::Kind>(context.config.integer("verdict"))),
          _prepend(context.config.string("prepend"))
    {
    }

    mpsmtp::Verdict
    onMessage(mpsmtp::Session&, mpsmtp::Envelope&, mpsmtp::Message& message) override
    {
        if (!_prepend.empty())
            message.edits().prepend(_prepend, "of " + std::to_string(message.headerCount()));
        _probe.pass("onMessage");
        return {_verdict, _probe.reply()};
    }

private:
    const probe::Probe _probe;
    const mpsmtp::Verdict::Kind _verdict;
    const std::string _prepend;
};

} // namespace

MPSMTP_PLUGIN(Filter,
              "filter",
              "1.0",
              {PROBE_OPTIONS,
               {"verdict", mpsmtp::Option::Int, mpsmtp::Optional, "0", "number of the verdict"},
               {"prepend", mpsmtp::Option::String, mpsmtp::Optional, "", "field to add"}})
