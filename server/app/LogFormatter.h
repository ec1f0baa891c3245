// How a log event becomes one line. The last fence before the log: whatever slipped through
// elsewhere, no control octet, no second line and nothing that is not UTF-8 leaves here.
// Thread safety: [any] (no state).
#pragma once

#include "log/Entry.h"

#include <Poco/Message.h>

#include <string>
#include <string_view>

namespace mpsmtp::app
{

class LogFormatter
{
public:
    LogFormatter() = default;
    LogFormatter(const LogFormatter&) = delete;
    LogFormatter& operator=(const LogFormatter&) = delete;
    virtual ~LogFormatter() = default;

    /// Appends the entry to `line`, without a line end.
    /// \param fields nullptr: none
    virtual void format(const Poco::Message& message,
                        const log::FieldSource* fields,
                        std::string& line) const = 0;
};

/// `2026-11-22 02:15:00.123 INFO net: text`, in local time. Has no use for fields: the text says them too.
class TextLogFormatter final : public LogFormatter
{
public:
    void format(const Poco::Message& message,
                const log::FieldSource* fields,
                std::string& line) const override;
};

/// `{"time":"2026-11-22T02:15:00.123Z","level":"INFO","source":"net","text":"text"}` with the fields behind, in UTC (RFC
/// 3339, RFC 8259).
class JsonLogFormatter final : public LogFormatter
{
public:
    void format(const Poco::Message& message,
                const log::FieldSource* fields,
                std::string& line) const override;
};

/// `net: text`, for syslog and the journal, which have time and level of their own.
class BareLogFormatter final : public LogFormatter
{
public:
    void format(const Poco::Message& message,
                const log::FieldSource* fields,
                std::string& line) const override;
};

/// Appends `text`, with \xHH for each octet of what cannot be shown. Backslashes stay: the text may
/// have been made printable before.
void appendLogText(std::string& line, std::string_view text);

/// Appends `text` as a JSON string with its quotes; octets that are not UTF-8 become U+FFFD.
void appendJsonString(std::string& line, std::string_view text);

} // namespace mpsmtp::app
