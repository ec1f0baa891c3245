// What this is and its thread safety: ActivationCheck.h.
#include "app/ActivationCheck.h"

#include "net/SocketStock.h"

#include <string_view>
#include <utility>

namespace mpsmtp::app
{

namespace
{

/// Of the key, or else of its section, or else of the whole file.
delivery::Origin
originOf(const LoadedConfiguration& loaded, const std::string& section, std::string_view key)
{
    for (const IniSection& each : loaded.sections)
        if (each.name == section)
        {
            const delivery::Setting* const setting = each.find(key);
            return setting == nullptr ? each.origin : setting->origin;
        }
    return {loaded.configuration.source, 0};
}

} // namespace

void checkInherited(LoadedConfiguration& loaded, const net::SocketStock& stock)
{
    for (const net::ListenerConfig& listener : loaded.configuration.server.listeners)
        for (const std::string& address : listener.addresses)
        {
            const std::string name = net::inheritedName(address);
            if (std::string text = name.empty() ? name : stock.problem(name); !text.empty())
                loaded.problems.push_back(
                    {originOf(loaded, "listener:" + listener.name, "address"), std::move(text)});
        }
    for (std::string& text : stock.warnings(loaded.configuration.server.listeners))
        loaded.warnings.push_back({{}, std::move(text)});
    sortProblems(loaded.problems);
}

void addProcessProblem(LoadedConfiguration& loaded, const std::string& problem)
{
    if (problem.empty())
        return;
    const std::string_view key = std::string_view(problem).substr(0, problem.find(' '));
    loaded.problems.push_back({originOf(loaded, "server", key), "[server] " + problem});
    sortProblems(loaded.problems);
}

} // namespace mpsmtp::app
