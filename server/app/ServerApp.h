// The composition root: puts configuration, logging, delivery and network together, and takes them
// down in the right order. Leaves to others: everything else.
// Thread safety: [main].
#pragma once

#include "app/CommandLine.h"
#include "app/Complaints.h"
#include "app/Configuration.h"
#include "app/HandlerGenerations.h"
#include "app/Health.h"
#include "app/HttpSide.h"
#include "app/ServerUser.h"
#include "app/ServiceManager.h"
#include "app/Surroundings.h"
#include "delivery/PluginProbe.h"
#include "metrics/Metrics.h"
#include "net/SocketStock.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace mpsmtp::net
{
class SmtpServer;
}

namespace mpsmtp::app
{

class Logging;
enum class SignalEvent;

/// One run of the program as a server; Errands are the others. Expects blockSignals() to have been called.
class ServerApp
{
public:
    /// \param manager who started it, if anybody wants to be told
    /// \param sockets that it was handed
    ServerApp(CommandLine commandLine,
              Surroundings surroundings,
              ServiceManager manager,
              net::SocketStock sockets);
    ServerApp(const ServerApp&) = delete;
    ServerApp& operator=(const ServerApp&) = delete;
    ~ServerApp();

    /// Serves until it is told to stop, and returns the exit status (ExitStatus.h). Whatever goes
    /// wrong by the user's configuration or the machine has been told on standard error then.
    [[nodiscard]] int run();

private:
    [[nodiscard]] int becomeUser();
    void checkProcess(LoadedConfiguration& loaded) const;
    [[nodiscard]] int listen();
    void waitForStop();
    void heed(SignalEvent event);
    void endOldHandlers();
    void tellManager();
    [[nodiscard]] std::string status() const;
    [[nodiscard]] bool reopenLog();
    [[nodiscard]] int stop();

    void reloadTold();
    void reload();
    void keep(const std::string& reason);
    [[nodiscard]] bool tryReload();
    void tellUse();
    void use(LoadedConfiguration next, std::unique_ptr<delivery::DeliveryService> service);
    void changeLog(LoggingConfig& next);

    /// Makes the handlers of `loaded` and does not start them; what is wrong is added to its problems.
    /// \return nullptr if there is none
    [[nodiscard]] std::unique_ptr<delivery::DeliveryService>
    loadHandlers(LoadedConfiguration& loaded);

    /// Tells every problem. \return exitConfiguration
    int refuse() const;

    /// A sentence on standard error, and in the log if that is elsewhere.
    void complain(const std::string& text) const;

    const CommandLine _commandLine;
    const Surroundings _surroundings;
    ServiceManager _manager;
    net::SocketStock _sockets;
    const Complaints _complaints;
    delivery::ChildProbe _probe;
    LoadedConfiguration _loaded;
    metrics::Metrics _metrics; // outlives all that counts
    Health _health;
    std::unique_ptr<Logging> _logging; // members from here on are taken down from last to first
    HandlerGenerations _handlers;
    std::unique_ptr<net::SmtpServer> _server;
    HttpSide _http{_metrics, _health}; // has threads only when it has addresses
    unsigned _generation = 1;          ///< counts the configurations that have been in use
    ServerUser _user;
    std::string _refusal; ///< of the last reload, "": it was none
    std::string _stall;   ///< why the manager gets no sign of life, "": it does
};

} // namespace mpsmtp::app
