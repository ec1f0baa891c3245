// What this is and its thread safety: LogLevel.h.
#include "app/LogLevel.h"

#include <Poco/String.h>

#include <array>
#include <string>
#include <utility>

namespace mpsmtp::app
{

using Poco::Message;

std::optional<Message::Priority> parseLogLevel(std::string_view text) noexcept
{
    static constexpr std::array<std::pair<const char*, Message::Priority>, 7> levels{{
        {"critical", Message::PRIO_CRITICAL},
        {"error", Message::PRIO_ERROR},
        {"warning", Message::PRIO_WARNING},
        {"notice", Message::PRIO_NOTICE},
        {"information", Message::PRIO_INFORMATION},
        {"info", Message::PRIO_INFORMATION},
        {"debug", Message::PRIO_DEBUG},
    }};
    for (const auto& [name, level] : levels)
        if (Poco::icompare(std::string(text), name) == 0)
            return level;
    return std::nullopt;
}

std::string_view logLevelName(Message::Priority level) noexcept
{
    switch (level)
    {
    case Message::PRIO_FATAL:
    case Message::PRIO_CRITICAL:
        return "CRITICAL";
    case Message::PRIO_ERROR:
        return "ERROR";
    case Message::PRIO_WARNING:
        return "WARNING";
    case Message::PRIO_NOTICE:
        return "NOTICE";
    case Message::PRIO_INFORMATION:
        return "INFO";
    case Message::PRIO_DEBUG:
    case Message::PRIO_TRACE:
        break;
    }
    return "DEBUG";
}

} // namespace mpsmtp::app
