// What this is and its thread safety: Announcements.h.
#include "app/Announcements.h"

#include "app/BuildInfo.h"
#include "app/ConfigurationChanges.h"
#include "delivery/LoadedFiles.h"

#include <Poco/Logger.h>

#include <algorithm>

namespace mpsmtp::app
{

namespace
{

Poco::Logger& logger()
{
    return Poco::Logger::get("server");
}

/// "handler tree: maildir, path = mail/…": people look there for their mail.
std::string describeHandler(const delivery::HandlerConfig& handler)
{
    std::string text =
        "handler " + handler.name + ": " + (handler.type.empty() ? handler.plugin : handler.type);
    for (const delivery::Setting& setting : handler.settings)
        if (setting.key == "path")
            text += ", path = " + setting.value;
    return text + (handler.required ? "" : ", not required");
}

/// Of the addresses in `these` that are not in `those`.
void tellOthers(const std::string& what,
                const std::vector<std::string>& these,
                const std::vector<std::string>& those)
{
    for (const std::string& address : these)
        if (std::find(those.begin(), those.end(), address) == those.end())
            logger().information(what + address);
}

} // namespace

void announceStart(const Configuration& configuration,
                   const std::vector<std::string>& addresses,
                   const std::string& who,
                   bool hasManager)
{
    logger().information("mpsmtpd " + std::string(version) + " starts with " +
                         configuration.source);
    for (const delivery::HandlerConfig& handler : configuration.delivery.handlers)
        logger().information(describeHandler(handler));
    for (const std::string& address : addresses)
        logger().information("mpsmtpd is listening on " + address);
    if (!who.empty())
        logger().notice(who);
    if (!hasManager)
        logger().information("Ctrl-C stops it");
}

void announceChange(unsigned number, const InUse& before, const InUse& now)
{
    tellOthers("mpsmtpd is listening on ", now.addresses, before.addresses);
    tellOthers("mpsmtpd has closed ", before.addresses, now.addresses);
    for (const std::string& path : delivery::changedPlugins())
        logger().warning(path + " has changed since it was loaded; restart to run the new code");
    logger().notice("configuration " + std::to_string(number) +
                    " is in use for new connections; changed: " +
                    describeChanges(before.sections, now.sections));
}

std::string countMistakes(std::size_t count)
{
    return count == 1 ? "1 mistake in the configuration"
                      : std::to_string(count) + " mistakes in the configuration";
}

} // namespace mpsmtp::app
