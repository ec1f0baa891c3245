// Two-phase: commit appends the message to a file, so that a test sees what a store would have kept.
#include "Probe.h"

#include <utility>

#ifndef PROBE_TYPE
#define PROBE_TYPE "two"
#endif

namespace
{

class Two : public mpsmtp::Handler
{
public:
    explicit Two(const mpsmtp::Context& context)
        : _probe(context),
          _log(context.log),
          _storage(context.storage),
          _mail(context.config.string("mail"))
    {
    }

    void start() override { _probe.pass("start"); }

    void stop() override { _probe.pass("stop"); }

    mpsmtp::Stage stage(mpsmtp::Envelope& envelope,
                        const mpsmtp::Recipients& recipients,
                        mpsmtp::Message& message) override
    {
        _probe.pass("stage");
        _log.information("staging\n" + std::string(envelope.id()));
        if (_probe.fails("stage") && _probe.how() == "nothing")
            return mpsmtp::Report();
        mpsmtp::Report report = _probe.report("stage", recipients.size());
        mpsmtp::Stage result(std::make_unique<Work>(*this, message));
        if (_probe.how() == "reply")
            result.work.reset();
        result.report = std::move(report);
        return result;
    }

private:
    class Work : public mpsmtp::Staged
    {
    public:
        Work(const Two& owner, const mpsmtp::Message& message) : _owner(owner), _message(message) {}

        void persist() override
        {
            _owner._probe.pass("persist");
            const int fd = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            const int copy = fd;
            _owner._storage.syncFolder(copy);
            ::close(fd);
        }

        void commit() override
        {
            _owner._probe.pass("commit");
            std::string content(_message.trace());
            for (std::size_t i = 0; i < _message.segmentCount(); ++i)
                content.append(_message.segment(i));
            probe::appendLine(_owner._mail, content);
        }

        void abort() noexcept override { _owner._probe.pass("abort"); }

    private:
        const Two& _owner;
        const mpsmtp::Message& _message;
    };

    const probe::Probe _probe;
    const mpsmtp::Log _log;
    const mpsmtp::Storage _storage;
    const std::string _mail;
};

} // namespace

MPSMTP_PLUGIN(
    Two,
    PROBE_TYPE,
    "1.0",
    {PROBE_OPTIONS,
     {"mail", mpsmtp::Option::Path, mpsmtp::Optional, "/dev/null", "file for the messages"}})
