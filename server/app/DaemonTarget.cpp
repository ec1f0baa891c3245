// What this is and its thread safety: DaemonTarget.h.
#include "app/DaemonTarget.h"

#include "app/JournalRecord.h"

#include <array>
#include <cstdio>
#include <ctime>

#include <syslog.h>

namespace mpsmtp::app
{

using Poco::Message;

void DaemonTarget::write(const Message& message, const log::FieldSource* fields)
{
    if (const int error = _socket.send(datagram(message, fields)); error != 0)
    {
        tellGone(error);
        _fallback->write(message, fields);
    }
    else if (_isGone)
        tellBack();
}

void DaemonTarget::tellGone(int error)
{
    if (_isGone.exchange(true))
        return;
    _fallback->log({"server",
                    std::string(_name) + " takes nothing at " + _socket.path() + ": " +
                        lossReason(error) + "; until it does, the log goes to standard error",
                    Message::PRIO_WARNING});
}

void DaemonTarget::tellBack()
{
    if (!_isGone.exchange(false))
        return;
    const int reason = _loss->error();
    const std::uint64_t lost = _loss->take();
    std::string text = std::string(_name) + " takes entries again; others are on standard error";
    if (lost != 0)
        text += ", but for " + std::to_string(lost) + " that were lost: " + lossReason(reason);
    const log::Fields fields{{log::Field::Lost, lost}};
    const Message back("server", text, Message::PRIO_NOTICE);
    if (_socket.send(datagram(back, lost == 0 ? nullptr : &fields)) != 0)
    {
        _loss->add(reason, lost);
        _isGone = true;
    }
}

void DaemonTarget::tend()
{
    _fallback->tend();
}

std::string JournalTarget::datagram(const Message& message, const log::FieldSource* fields) const
{
    return JournalRecord(message, fields).octets();
}

std::string SyslogTarget::datagram(const Message& message, const log::FieldSource* fields) const
{
    // Whatever the locale says: syslog's months are English.
    static constexpr std::array<const char*, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds = message.getTime().epochTime();
    std::tm time{};
    ::localtime_r(&seconds, &time);
    std::array<char, 96> head{};
    std::snprintf(head.data(),
                  head.size(),
                  "<%d>%s %2d %02d:%02d:%02d mpsmtpd[%ld]: ",
                  LOG_MAIL | syslogLevel(message.getPriority()),
                  months[static_cast<std::size_t>(time.tm_mon)],
                  time.tm_mday,
                  time.tm_hour,
                  time.tm_min,
                  time.tm_sec,
                  message.getPid());
    std::string datagram = head.data();
    _formatter->format(message, fields, datagram);
    return datagram;
}

} // namespace mpsmtp::app
