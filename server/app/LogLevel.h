// The names of log levels, as people write them and as log lines show them. Thread safety: [any].
#pragma once

#include <Poco/Message.h>

#include <optional>
#include <string_view>

namespace mpsmtp::app
{

/// What parseLogLevel() takes, for the sentence "… is not ACCEPTED".
inline constexpr std::string_view logLevelAccepted =
    "critical, error, warning, notice, information (or info) or debug";

/// In any case: LOG_LEVEL=DEBUG is a habit of other programs.
[[nodiscard]] std::optional<Poco::Message::Priority> parseLogLevel(std::string_view text) noexcept;

/// "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG".
[[nodiscard]] std::string_view logLevelName(Poco::Message::Priority level) noexcept;

} // namespace mpsmtp::app
