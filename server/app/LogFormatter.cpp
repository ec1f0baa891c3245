// What this is and its thread safety: LogFormatter.h.
#include "app/LogFormatter.h"

#include "app/LogLevel.h"
#include "smtp/Utf8.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>

namespace mpsmtp::app
{

namespace
{

constexpr std::string_view hexDigits = "0123456789ABCDEF";
constexpr char32_t lastAscii = 0x7F;

void appendHex(std::string& line, char octet)
{
    const auto value = static_cast<unsigned char>(octet);
    line += hexDigits[value >> 4];
    line += hexDigits[value & 0xF];
}

/// `separator` is ' ' or 'T'.
void appendTime(std::string& line, const std::tm& time, char separator, int milliseconds)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(),
                  text.size(),
                  "%04d-%02d-%02d%c%02d:%02d:%02d.%03d",
                  time.tm_year + 1900,
                  time.tm_mon + 1,
                  time.tm_mday,
                  separator,
                  time.tm_hour,
                  time.tm_min,
                  time.tm_sec,
                  milliseconds);
    line += text.data();
}

int millisecondsOf(const Poco::Message& message)
{
    return static_cast<int>(message.getTime().epochMicroseconds() / 1000 % 1000);
}

void appendTextEvent(std::string& line, const Poco::Message& message)
{
    appendLogText(line, message.getSource());
    line += ": ";
    appendLogText(line, message.getText());
}

void appendJsonMember(std::string& line, std::string_view name, std::string_view value)
{
    line += ",\"";
    line += name;
    line += "\":";
    appendJsonString(line, value);
}

/// RFC 8259 section 7: quotation mark, reverse solidus and controls must be escaped.
void appendJsonCharacter(std::string& line, std::string_view octets)
{
    const char first = octets.front();
    if (first == '"' || first == '\\')
        line += '\\';
    if (static_cast<unsigned char>(first) >= 0x20 && first != '\x7F')
        line += octets;
    else
    {
        line += "\\u00";
        appendHex(line, first);
    }
}

/// Members behind those of every line. Items of a list come one after another and become one array.
class JsonFields final : public log::FieldSink
{
public:
    explicit JsonFields(std::string& line) : _line(line) {}

    void text(log::Field field, std::string_view value) override
    {
        if (field == log::Field::Source) // stands in front of the text
            return;
        const bool isList = log::specOf(field).kind == log::FieldKind::List;
        if (isList && _list == field)
            _line += ',';
        else
            begin(field, isList);
        appendJsonString(_line, value);
    }

    void number(log::Field field, std::uint64_t value) override
    {
        begin(field, false);
        _line += std::to_string(value);
    }

    void end()
    {
        if (_list)
            _line += ']';
        _list.reset();
    }

private:
    void begin(log::Field field, bool isList)
    {
        end();
        _line += ",\"";
        _line += log::specOf(field).name;
        _line += isList ? "\":[" : "\":";
        if (isList)
            _list = field;
    }

    std::string& _line;
    std::optional<log::Field> _list; ///< whose array is open
};

} // namespace

void appendLogText(std::string& line, std::string_view text)
{
    while (!text.empty())
    {
        const auto point = smtp::frontCodePoint(text);
        const auto octets = text.substr(0, point.octets == 0 ? 1 : point.octets);
        if (point.octets != 0 && !smtp::isInvisible(point.value))
            line += octets;
        else
            for (const char octet : octets)
            {
                line += "\\x";
                appendHex(line, octet);
            }
        text.remove_prefix(octets.size());
    }
}

void appendJsonString(std::string& line, std::string_view text)
{
    line += '"';
    while (!text.empty())
    {
        const auto point = smtp::frontCodePoint(text);
        const auto octets = text.substr(0, point.octets == 0 ? 1 : point.octets);
        if (point.octets == 0)
            line += "\xEF\xBF\xBD";
        else if (point.value <= lastAscii)
            appendJsonCharacter(line, octets);
        else
            line += octets;
        text.remove_prefix(octets.size());
    }
    line += '"';
}

void TextLogFormatter::format(const Poco::Message& message,
                              const log::FieldSource*,
                              std::string& line) const
{
    const std::time_t seconds = message.getTime().epochTime();
    std::tm time{};
    ::localtime_r(&seconds, &time);
    appendTime(line, time, ' ', millisecondsOf(message));
    line += ' ';
    line += logLevelName(message.getPriority());
    line += ' ';
    appendTextEvent(line, message);
}

void JsonLogFormatter::format(const Poco::Message& message,
                              const log::FieldSource* fields,
                              std::string& line) const
{
    const std::time_t seconds = message.getTime().epochTime();
    std::tm time{};
    ::gmtime_r(&seconds, &time);
    line += R"({"time":")";
    appendTime(line, time, 'T', millisecondsOf(message));
    line += "Z\"";
    appendJsonMember(line, "level", logLevelName(message.getPriority()));
    appendJsonMember(line, "source", message.getSource());
    appendJsonMember(line, "text", message.getText());
    JsonFields members(line);
    log::tellAll(message, fields, members);
    members.end();
    line += '}';
}

void BareLogFormatter::format(const Poco::Message& message,
                              const log::FieldSource*,
                              std::string& line) const
{
    appendTextEvent(line, message);
}

} // namespace mpsmtp::app
