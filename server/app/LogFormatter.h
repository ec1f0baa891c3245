// How a log event becomes one line. The last fence before the log: whatever slipped through
// elsewhere, no control octet, no second line and nothing that is not UTF-8 leaves here.
// Thread safety: [any] (no state).
#pragma once

#include <Poco/Formatter.h>
#include <Poco/Message.h>

#include <string>
#include <string_view>

namespace mpsmtp::app
{

/// `2026-11-22 02:15:00.123 INFO net: text`, in local time.
class TextLogFormatter : public Poco::Formatter
{
public:
    void format(const Poco::Message& message, std::string& line) override;
};

/// `{"time":"2026-11-22T02:15:00.123Z","level":"INFO","source":"net","text":"text"}`, in UTC (RFC
/// 3339, RFC 8259).
class JsonLogFormatter : public Poco::Formatter
{
public:
    void format(const Poco::Message& message, std::string& line) override;
};

/// `net: text`, for syslog, which adds time and level itself.
class SyslogFormatter : public Poco::Formatter
{
public:
    void format(const Poco::Message& message, std::string& line) override;
};

/// Appends `text`, with \xHH for each octet of what cannot be shown. Backslashes stay: the text may
/// have been made printable before.
void appendLogText(std::string& line, std::string_view text);

/// Appends `text` as a JSON string with its quotes; octets that are not UTF-8 become U+FFFD.
void appendJsonString(std::string& line, std::string_view text);

} // namespace mpsmtp::app
