// The whole configuration as plain values, and how it is made: file or command, environment, --set,
// in growing strength. Leaves to others: the options of handlers (delivery/ asks their plugins).
// Thread safety: [any] (values); loading [main].
#pragma once

#include "app/CommandLine.h"
#include "app/IniReader.h"
#include "app/LoggingConfig.h"
#include "app/Surroundings.h"
#include "delivery/DeliveryConfig.h"
#include "net/SmtpServer.h"

#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::app
{

/// Who the process is; judged by Privileges.
struct ProcessConfig
{
    std::string user;  ///< "": whoever started it
    std::string group; ///< "": that of `user`
    std::optional<unsigned> umask;
    bool runAsRoot = false;
};

struct Configuration
{
    std::string source; ///< the file's name, or "the command line"
    net::ServerConfig server;
    delivery::DeliveryConfig delivery;
    LoggingConfig logging;
    ProcessConfig process;
    std::vector<std::string> http{}; ///< addresses of the HTTP server; none: there is none
};

struct LoadedConfiguration
{
    Configuration configuration;
    std::vector<delivery::Problem>
        problems; ///< if there are any, the configuration must not be used to serve
    std::vector<delivery::Problem> warnings;
    std::vector<IniSection> sections; ///< what it was made of, overrides included
};

/// Reads the file that the command line names, or takes the sections that the command stands for.
[[nodiscard]] LoadedConfiguration loadConfiguration(const CommandLine& commandLine,
                                                    const Surroundings& surroundings);

/// The same from sections that were read already; `source` is shown in log lines.
[[nodiscard]] LoadedConfiguration makeConfiguration(const std::string& source,
                                                    IniDocument document,
                                                    const std::vector<std::string>& settings,
                                                    const Surroundings& surroundings);

/// "file:line: text", without what is not known.
[[nodiscard]] std::string shown(const delivery::Problem& problem);

/// By file and line, what stands in no file behind it.
void sortProblems(std::vector<delivery::Problem>& problems);

} // namespace mpsmtp::app
