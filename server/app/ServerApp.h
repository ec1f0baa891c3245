// The composition root: puts configuration, logging, delivery and network together, and takes them
// down in the right order. Leaves to others: everything else.
// Thread safety: [main].
#pragma once

#include "app/CommandLine.h"
#include "app/Configuration.h"
#include "app/Surroundings.h"
#include "delivery/PluginProbe.h"

#include <memory>

namespace mpsmtp::delivery
{
class DeliveryService;
}

namespace mpsmtp::net
{
class SmtpServer;
}

namespace mpsmtp::app
{

class Logging;

/// One run of the program. Expects blockSignals() to have been called.
class ServerApp
{
public:
    ServerApp(CommandLine commandLine, Surroundings surroundings);
    ServerApp(const ServerApp&) = delete;
    ServerApp& operator=(const ServerApp&) = delete;
    ~ServerApp();

    /// Does what the command line says and returns the exit status (ExitStatus.h). Whatever goes
    /// wrong by the user's configuration or the machine has been told on standard error then.
    [[nodiscard]] int run();

private:
    [[nodiscard]] int listPlugins();
    [[nodiscard]] int checkConfiguration();
    [[nodiscard]] int explainRoute();
    [[nodiscard]] int serve();
    [[nodiscard]] int startHandlers();
    [[nodiscard]] int listen();
    void announce() const;
    void waitForStop();
    void reopenLog();
    [[nodiscard]] int stop();

    /// Reads the configuration and makes the handlers, for what ends before it serves. \return true if nothing is wrong
    [[nodiscard]] bool loadOnly();

    /// Makes the handlers, and looks at the routes. What is wrong is added to the problems.
    void loadDelivery();

    /// Tells every problem. \return exitConfiguration
    int refuse() const;

    /// A sentence on standard error, and in the log if that is elsewhere.
    void complain(const std::string& text) const;

    const CommandLine _commandLine;
    const Surroundings _surroundings;
    delivery::ChildProbe _probe;
    LoadedConfiguration _loaded;
    std::unique_ptr<Logging> _logging; // members from here on are taken down from last to first
    std::unique_ptr<delivery::DeliveryService> _delivery;
    std::unique_ptr<net::SmtpServer> _server;
};

} // namespace mpsmtp::app
