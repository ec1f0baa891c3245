// [logging] as values. Thread safety: [any] (values).
#pragma once

#include "app/Overrides.h"
#include "app/RepeatLimit.h"

#include <Poco/Message.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpsmtp::app
{

enum class LogFormat
{
    Text,
    Json
};

struct LoggingConfig
{
    Poco::Message::Priority level = Poco::Message::PRIO_INFORMATION;
    std::vector<std::pair<std::string, Poco::Message::Priority>>
        levels; ///< of channels ("net", "handler") and single handlers ("handler.tree") in place of `level`
    LogFormat format = LogFormat::Text;
    std::string target = "stderr"; ///< "stderr", "syslog", "journal" or an absolute path
    std::string journalSocket = "/run/systemd/journal/socket";
    std::string journalStream; ///< what systemd says standard error is; "" if it says nothing
    RepeatLimits repeats;

    /// The level of the longest name in `levels` that `logger` is or lies below, or else `level`.
    [[nodiscard]] Poco::Message::Priority levelOf(std::string_view logger) const noexcept;
};

/// `JOURNAL_STREAM`, or "".
[[nodiscard]] std::string journalStream(const Environment& environment);

/// What [logging] level_CHANNEL can name; docs/logging.md says what each logs.
[[nodiscard]] const std::vector<std::string_view>& logChannels();

} // namespace mpsmtp::app
