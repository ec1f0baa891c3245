// What this is and its thread safety: LoggingConfig.h.
#include "app/LoggingConfig.h"

namespace mpsmtp::app
{

namespace
{

/// "handler.tree" is, and lies below, "handler".
bool isOrLiesBelow(std::string_view logger, std::string_view name) noexcept
{
    return logger.substr(0, name.size()) == name &&
           (logger.size() == name.size() || logger[name.size()] == '.');
}

} // namespace

Poco::Message::Priority LoggingConfig::levelOf(std::string_view logger) const noexcept
{
    Poco::Message::Priority found = level;
    std::size_t longest = 0;
    for (const auto& [name, itsLevel] : levels)
        if (name.size() > longest && isOrLiesBelow(logger, name))
        {
            longest = name.size();
            found = itsLevel;
        }
    return found;
}

std::string journalStream(const Environment& environment)
{
    for (const auto& [name, value] : environment)
        if (name == "JOURNAL_STREAM")
            return value;
    return {};
}

const std::vector<std::string_view>& logChannels()
{
    static const std::vector<std::string_view> channels{
        "server", "net", "transaction", "delivery", "handler", "transcript"};
    return channels;
}

} // namespace mpsmtp::app
