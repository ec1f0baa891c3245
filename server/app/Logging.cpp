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

Poco::AutoPtr<Poco::Channel> withFormat(const LoggingConfig& config,
                                        const Poco::AutoPtr<Poco::Channel>& lines)
{
    return new Poco::FormattingChannel(makeFormatter(config), lines);
}

} // namespace

Logging::Logging(const LoggingConfig& config)
{
    open(config.target);
    _switch = new LogSwitch(withFormat(config, _lines));
    (void)Poco::Logger::root(); // setChannel() reaches loggers that exist; later ones copy the root
    Poco::Logger::setChannel(allLoggers, _switch);
    Poco::Logger::setLevel(allLoggers, config.level);
}

Logging::~Logging()
{
    // Without a channel a logger drops its messages: threads that outlive main() do no harm.
    Poco::Logger::setChannel(allLoggers, nullptr);
}

void Logging::open(const std::string& target)
{
    Poco::AutoPtr<LogOutput> output;
    if (target == "stderr")
        output = new LogOutput();
    else if (target != "syslog")
        output = new LogOutput(target);
    if (output.isNull())
        _lines = makeSyslog();
    else
        _lines = output;
    _output = output;
    _target = target;
}

void Logging::reopen()
{
    if (!_output.isNull())
        _output->reopen();
}

void Logging::change(const LoggingConfig& config)
{
    if (config.target != _target)
        open(config.target);
    _switch->turnTo(withFormat(config, _lines));
    // An int that POCO reads unlocked: another thread may judge one more line by the old level.
    Poco::Logger::setLevel(allLoggers, config.level);
}

} // namespace mpsmtp::app
