// What this is and its thread safety: JournalRecord.h.
#include "app/JournalRecord.h"

#include "app/LogFormatter.h"
#include "app/LogTarget.h"

#include <Poco/Ascii.h>

#include <algorithm>
#include <cstdint>

#include <syslog.h>

namespace mpsmtp::app
{

namespace
{

/// A tab is text; other controls are not, and a line end would be the end of the value.
bool isOneLine(std::string_view value) noexcept
{
    return std::all_of(value.begin(),
                       value.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 || c == '\t'; });
}

void appendLength(std::string& octets, std::uint64_t length)
{
    for (unsigned i = 0; i < sizeof length; ++i, length >>= 8)
        octets += static_cast<char>(length & 0xff);
}

std::string bareText(const Poco::Message& message)
{
    std::string text;
    BareLogFormatter().format(message, nullptr, text);
    return text;
}

} // namespace

std::string journalName(log::Field field)
{
    std::string name(log::journalPrefix);
    for (const char c : log::specOf(field).name)
        name += static_cast<char>(Poco::Ascii::toUpper(c));
    return name;
}

JournalRecord::JournalRecord(const Poco::Message& message, const log::FieldSource* fields)
{
    add("MESSAGE", bareText(message));
    add("PRIORITY", std::to_string(syslogLevel(message.getPriority())));
    add("SYSLOG_IDENTIFIER", "mpsmtpd");
    add("SYSLOG_FACILITY", std::to_string(LOG_FAC(LOG_MAIL)));
    add("SYSLOG_PID", std::to_string(message.getPid()));
    log::tellAll(message, fields, *this);
}

void JournalRecord::text(log::Field field, std::string_view value)
{
    add(journalName(field), value);
}

void JournalRecord::number(log::Field field, std::uint64_t value)
{
    add(journalName(field), std::to_string(value));
}

void JournalRecord::add(std::string_view name, std::string_view value)
{
    _octets += name;
    if (isOneLine(value))
        _octets += '=';
    else
    {
        _octets += '\n';
        appendLength(_octets, value.size());
    }
    _octets += value;
    _octets += '\n';
}

} // namespace mpsmtp::app
