// What this is and its thread safety: LogTarget.h.
#include "app/LogTarget.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <syslog.h>

namespace mpsmtp::app
{

using Poco::Message;

int syslogLevel(Message::Priority priority) noexcept
{
    switch (priority)
    {
    case Message::PRIO_FATAL:
    case Message::PRIO_CRITICAL:
        return LOG_CRIT;
    case Message::PRIO_ERROR:
        return LOG_ERR;
    case Message::PRIO_WARNING:
        return LOG_WARNING;
    case Message::PRIO_NOTICE:
        return LOG_NOTICE;
    case Message::PRIO_INFORMATION:
        return LOG_INFO;
    case Message::PRIO_DEBUG:
    case Message::PRIO_TRACE:
        break;
    }
    return LOG_DEBUG;
}

std::string lossReason(int error)
{
    return error == EAGAIN ? "nobody reads it" : std::generic_category().message(error);
}

LineTarget::LineTarget(std::shared_ptr<LogOutput> output,
                       std::unique_ptr<LogFormatter> formatter,
                       Prefix prefix,
                       Poco::AutoPtr<log::EntryChannel> alarm,
                       std::shared_ptr<LogLoss> loss)
    : _output(std::move(output)),
      _formatter(std::move(formatter)),
      _prefix(prefix),
      _alarm(std::move(alarm)),
      _loss(std::move(loss))
{
}

void LineTarget::write(const Message& message, const log::FieldSource* fields)
{
    tellLost();
    if (const int error = put(message, fields); error != 0)
        lose(error);
}

int LineTarget::put(const Message& message, const log::FieldSource* fields)
{
    std::string line;
    if (_prefix == Prefix::Priority)
        line.append("<").append(std::to_string(syslogLevel(message.getPriority()))).append(">");
    _formatter->format(message, fields, line);
    return _output->write(line += '\n');
}

void LineTarget::lose(int error)
{
    _loss->add(error);
    if (!_isLosing.exchange(true) && !_alarm.isNull())
        _alarm->log({"server",
                     "cannot write the log " + _output->path() + ": " + lossReason(error) +
                         "; the server goes on without",
                     Message::PRIO_ERROR});
}

void LineTarget::tellLost()
{
    if (!_loss->isThere())
        return;
    const int reason = _loss->error();
    const std::uint64_t count = _loss->take();
    if (count == 0)
        return;
    const std::string text =
        std::to_string(count) + " lines of the log were lost: " + lossReason(reason);
    const log::Fields fields{{log::Field::Lost, count}};
    if (const int error = put({"server", text, Message::PRIO_WARNING}, &fields); error != 0)
        _loss->add(error, count);
    else
        _isLosing = false;
}

void LineTarget::tend()
{
    _output->finish();
    tellLost();
}

} // namespace mpsmtp::app
