// What this is and its thread safety: Logging.h.
#include "app/Logging.h"

#include "app/LogFormatter.h"

#include <Poco/FormattingChannel.h>
#include <Poco/Logger.h>
#include <Poco/SyslogChannel.h>

namespace mpsmtp::app
{

namespace
{

constexpr const char* allLoggers = "";

Poco::AutoPtr<LogOutput> makeOutput(const std::string& target)
{
    if (target == "syslog")
        return {};
    return target == "stderr" ? new LogOutput() : new LogOutput(target);
}

Poco::AutoPtr<Poco::Formatter> makeFormatter(const LoggingConfig& config)
{
    if (config.format == LogFormat::Json)
        return new JsonLogFormatter;
    if (config.target == "syslog")
        return new SyslogFormatter;
    return new TextLogFormatter;
}

Poco::AutoPtr<Poco::Channel> makeSyslog()
{
    return new Poco::SyslogChannel(
        "mpsmtpd", Poco::SyslogChannel::SYSLOG_PID, Poco::SyslogChannel::SYSLOG_MAIL);
}

} // namespace

Logging::Logging(const LoggingConfig& config) : _output(makeOutput(config.target))
{
    Poco::AutoPtr<Poco::Channel> target = makeSyslog();
    if (!_output.isNull())
        target = _output;
    const Poco::AutoPtr<Poco::FormattingChannel> channel =
        new Poco::FormattingChannel(makeFormatter(config), target);
    (void)Poco::Logger::root(); // setChannel() reaches loggers that exist; later ones copy the root
    Poco::Logger::setChannel(allLoggers, channel);
    Poco::Logger::setLevel(allLoggers, config.level);
}

Logging::~Logging()
{
    // Without a channel a logger drops its messages: threads that outlive main() do no harm.
    Poco::Logger::setChannel(allLoggers, nullptr);
}

void Logging::reopen()
{
    if (!_output.isNull())
        _output->reopen();
}

} // namespace mpsmtp::app
