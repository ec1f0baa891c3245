// What this is and its thread safety: ServerApp.h.
#include "app/ServerApp.h"

#include "app/BuildInfo.h"
#include "app/ExitStatus.h"
#include "app/Explain.h"
#include "app/HelpText.h"
#include "app/Logging.h"
#include "app/PluginListing.h"
#include "app/Signals.h"
#include "delivery/DeliveryService.h"
#include "net/SmtpServer.h"

#include <Poco/Logger.h>

#include <chrono>
#include <iostream>
#include <system_error>
#include <utility>
#include <variant>

#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

constexpr std::chrono::seconds collectInterval(30);

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

} // namespace

ServerApp::ServerApp(CommandLine commandLine, Surroundings surroundings)
    : _commandLine(std::move(commandLine)),
      _surroundings(std::move(surroundings)),
      _probe("/proc/self/exe") // even if the file has been replaced since
{
}

ServerApp::~ServerApp() = default;

int ServerApp::run()
{
    switch (_commandLine.action)
    {
    case Action::Help:
        std::cout << helpText();
        return exitOk;
    case Action::Version:
        std::cout << versionText() << '\n';
        return exitOk;
    case Action::ListPlugins:
        return listPlugins();
    case Action::CheckConfig:
        return checkConfiguration();
    case Action::Explain:
        return explainRoute();
    case Action::Serve:
        break;
    }
    return serve();
}

int ServerApp::listPlugins()
{
    _loaded = loadConfiguration(_commandLine, _surroundings);
    const auto& config = _loaded.configuration.delivery;
    if (config.pluginDirectory.empty()) // the file could not be read
        return refuse();
    try
    {
        auto paths = findPlugins(config.pluginDirectory);
        for (const delivery::HandlerConfig& handler : config.handlers)
            if (!handler.plugin.empty())
                paths.push_back(handler.plugin);
        std::cout << describePlugins(paths, _commandLine.isVerbose, &_probe);
        return exitOk;
    }
    catch (const std::system_error& error)
    {
        complain("cannot read the plugin folder " + config.pluginDirectory + ": " +
                 error.code().message() + "; set [server] plugin_dir");
        return exitConfiguration;
    }
}

/// Writes nothing, not even the log file: handlers are made, but not started.
bool ServerApp::loadOnly()
{
    _loaded = loadConfiguration(_commandLine, _surroundings);
    LoggingConfig quiet;
    quiet.level = Poco::Message::PRIO_WARNING;
    _logging = std::make_unique<Logging>(quiet);
    loadDelivery();
    if (_loaded.problems.empty())
        for (const delivery::Problem& warning : _loaded.warnings)
            logger().warning(shown(warning));
    return _loaded.problems.empty();
}

int ServerApp::checkConfiguration()
{
    if (!loadOnly())
        return refuse();
    std::cout << _commandLine.configFile << ": ok\n";
    return exitOk;
}

int ServerApp::explainRoute()
{
    if (!loadOnly())
        return refuse();
    const auto result =
        explain(_loaded.configuration, _commandLine.explain, _delivery->deliveringHandlers());
    if (const auto* error = std::get_if<UsageError>(&result))
    {
        complain(error->text);
        return exitUsage;
    }
    const auto& explanation = std::get<Explanation>(result);
    std::cout << explanation.text;
    return explanation.isRefused ? exitRefused : exitOk;
}

int ServerApp::serve()
{
    _loaded = loadConfiguration(_commandLine, _surroundings);
    try
    {
        _logging = std::make_unique<Logging>(
            _loaded.problems.empty() ? _loaded.configuration.logging : LoggingConfig());
    }
    catch (const std::system_error& error)
    {
        complain(std::string(error.what()) + "; set [logging] target");
        return exitConfiguration;
    }
    loadDelivery();
    if (!_loaded.problems.empty())
        return refuse();
    if (const int status = startHandlers(); status != exitOk)
        return status;
    if (const int status = listen(); status != exitOk)
        return status;
    announce();
    waitForStop();
    return stop();
}

void ServerApp::loadDelivery()
{
    // Without any handler there is nothing to find out, and the reason has been told.
    if (!_loaded.configuration.delivery.handlers.empty())
    {
        auto environment = delivery::Environment::system();
        environment.probe = &_probe;
        _delivery = delivery::DeliveryService::load(
            _loaded.configuration.delivery, {_loaded.problems, _loaded.warnings}, environment);
    }
    sortProblems(_loaded.problems);
}

int ServerApp::refuse() const
{
    for (const delivery::Problem& problem : _loaded.problems)
        std::cerr << shown(problem) << '\n';
    const auto count = _loaded.problems.size();
    complain(count == 1 ? "1 mistake in the configuration"
                        : std::to_string(count) + " mistakes in the configuration");
    return exitConfiguration;
}

void ServerApp::complain(const std::string& text) const
{
    std::cerr << "mpsmtpd: " << text << '\n';
    if (_logging && _loaded.configuration.logging.target != LoggingConfig().target)
        logger().critical(text);
}

int ServerApp::startHandlers()
{
    for (const delivery::Problem& warning : _loaded.warnings)
        logger().warning(shown(warning));
    _loaded.problems = _delivery->start();
    if (_loaded.problems.empty())
        return exitOk;
    _delivery->stop();
    return refuse();
}

int ServerApp::listen()
{
    _server = std::make_unique<net::SmtpServer>(_loaded.configuration.server,
                                                [this] { return _delivery->newSink(); });
    try
    {
        _server->start();
        return exitOk;
    }
    catch (const std::system_error& error)
    {
        complain(error.what());
    }
    _server.reset();
    _delivery->stop();
    return exitUnavailable;
}

void ServerApp::announce() const
{
    logger().information("mpsmtpd " + std::string(version) + " starts with " +
                         _loaded.configuration.source);
    for (const delivery::HandlerConfig& handler : _loaded.configuration.delivery.handlers)
        logger().information(describeHandler(handler));
    for (const std::string& address : _server->addresses())
        logger().information("mpsmtpd is listening on " + address);
    logger().information("Ctrl-C stops it");
}

void ServerApp::waitForStop()
{
    auto nextCollect = std::chrono::steady_clock::now() + collectInterval;
    for (;;)
    {
        const auto now = std::chrono::steady_clock::now();
        const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(nextCollect - now);
        const auto event = awaitSignal(std::max(wait, std::chrono::milliseconds(0)));
        if (event == SignalEvent::Stop)
            return;
        if (event == SignalEvent::Reload)
            reopenLog();
        if (std::chrono::steady_clock::now() < nextCollect)
            continue;
        _server->collect();
        nextCollect += collectInterval;
    }
}

void ServerApp::reopenLog()
{
    try
    {
        _logging->reopen();
        logger().notice(
            "the log is open anew; the configuration is not read again in this version, "
            "restart to change it");
    }
    catch (const std::system_error& error)
    {
        logger().error(std::string(error.what()) + "; the old file stays in use");
    }
}

int ServerApp::stop()
{
    endAtOnceOnNextStop();
    logger().information("stopping; the same signal again ends it at once");
    if (const auto cut = _server->shutDown(); cut > 0)
        logger().warning(std::to_string(cut) + " connections were cut after the shutdown grace");
    if (_server->connections() > 0)
    {
        // They are inside a handler that does not return, and use what the destructors would
        // destroy.
        logger().error("a handler hangs; ending without waiting for it");
        ::_exit(exitInternal);
    }
    _server.reset();
    _delivery->stop();
    _delivery.reset();
    logger().information("stopped");
    return exitOk;
}

} // namespace mpsmtp::app
