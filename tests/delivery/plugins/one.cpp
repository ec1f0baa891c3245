// One-phase: reads the message through a descriptor of its own.
#include "Probe.h"

namespace
{

class One : public mpsmtp::Handler
{
public:
    explicit One(const mpsmtp::Context& context)
        : _probe(context), _mail(context.config.string("mail"))
    {
    }

    mpsmtp::Report deliver(mpsmtp::Envelope&,
                           const mpsmtp::Recipients& recipients,
                           mpsmtp::Message& message) override
    {
        _probe.pass("deliver");
        const int fd = message.openDescriptor();
        std::string content;
        char buffer[4096];
        for (ssize_t count = 0; (count = ::read(fd, buffer, sizeof buffer)) > 0;)
            content.append(buffer, static_cast<std::size_t>(count));
        ::close(fd);
        probe::appendLine(_mail, content);
        return _probe.report("deliver", recipients.size());
    }

private:
    const probe::Probe _probe;
    const std::string _mail;
};

} // namespace

MPSMTP_PLUGIN(
    One,
    "one",
    "1.0",
    {PROBE_OPTIONS,
     {"mail", mpsmtp::Option::Path, mpsmtp::Optional, "/dev/null", "file for the messages"}})
