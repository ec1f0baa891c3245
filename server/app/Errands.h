// What the program does in place of serving: --help, --version, --check-config, --list-plugins, --explain, --new-plugin and
// --test-handler. None of them binds an address.
// Thread safety: [main].
#pragma once

#include "app/CommandLine.h"
#include "app/Complaints.h"
#include "app/Configuration.h"
#include "app/Surroundings.h"
#include "delivery/PluginProbe.h"

#include <memory>
#include <string>

namespace mpsmtp::delivery
{
class DeliveryService;
}

namespace mpsmtp::app
{

class Logging;

/// One run of the program that is no server. Expects blockSignals() to have been called.
class Errands
{
public:
    Errands(CommandLine commandLine, Surroundings surroundings);
    Errands(const Errands&) = delete;
    Errands& operator=(const Errands&) = delete;
    ~Errands();

    /// Does what the command line says, anything but Action::Serve, and returns the exit status (ExitStatus.h).
    [[nodiscard]] int run();

private:
    [[nodiscard]] int listPlugins();
    [[nodiscard]] int checkConfiguration();
    [[nodiscard]] int explainRoute();
    [[nodiscard]] int newPlugin();
    [[nodiscard]] int testHandler();

    /// Reads the configuration and makes the handlers. \return nullptr if there is anything wrong
    [[nodiscard]] std::unique_ptr<delivery::DeliveryService> load();

    /// Tells every problem. \return exitConfiguration
    [[nodiscard]] int refuse() const;

    const CommandLine _commandLine;
    const Surroundings _surroundings;
    const Complaints _complaints;
    delivery::ChildProbe _probe;
    LoadedConfiguration _loaded;
    std::unique_ptr<Logging> _logging;
};

} // namespace mpsmtp::app
