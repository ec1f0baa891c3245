// What this is and its thread safety: ServerApp.h.
#include "app/ServerApp.h"

#include "app/Announcements.h"
#include "app/ExitStatus.h"
#include "app/Explain.h"
#include "app/HandlerTrial.h"
#include "app/HelpText.h"
#include "app/Logging.h"
#include "app/NewPlugin.h"
#include "app/PluginDirectory.h"
#include "app/PluginListing.h"
#include "app/Signals.h"
#include "delivery/DeliveryService.h"
#include "net/SmtpServer.h"

#include <Poco/Logger.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <utility>
#include <variant>

#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

constexpr std::chrono::seconds collectInterval(10);

/// How often old handlers are looked at, whether they can go; only while there are some.
constexpr std::chrono::seconds oldHandlersInterval(1);

Poco::Logger& logger()
{
    return Poco::Logger::get("server");
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
    case Action::NewPlugin:
        return newPlugin();
    case Action::TestHandler:
        return testHandler();
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
std::unique_ptr<delivery::DeliveryService> ServerApp::loadOnly()
{
    _loaded = loadConfiguration(_commandLine, _surroundings);
    LoggingConfig quiet;
    quiet.level = Poco::Message::PRIO_WARNING;
    _logging = std::make_unique<Logging>(quiet);
    auto service = loadHandlers(_loaded);
    if (!_loaded.problems.empty())
        return nullptr;
    for (const delivery::Problem& warning : _loaded.warnings)
        logger().warning(shown(warning));
    return service;
}

int ServerApp::checkConfiguration()
{
    if (!loadOnly())
        return refuse();
    for (const std::string& warning : net::limitWarnings(_loaded.configuration.server))
        logger().warning(warning);
    std::cout << _commandLine.configFile << ": ok\n";
    return exitOk;
}

int ServerApp::explainRoute()
{
    const auto service = loadOnly();
    if (!service)
        return refuse();
    const auto result =
        explain(_loaded.configuration, _commandLine.explain, service->deliveringHandlers());
    if (const auto* error = std::get_if<UsageError>(&result))
    {
        complain(error->text);
        return exitUsage;
    }
    const auto& explanation = std::get<Explanation>(result);
    std::cout << explanation.text;
    return explanation.isRefused ? exitRefused : exitOk;
}

int ServerApp::newPlugin()
{
    const std::string& type = _commandLine.newPlugin;
    const std::string taken = _surroundings.pluginDirectory + "/" + type + ".so";
    if (std::error_code ignored; std::filesystem::exists(taken, ignored))
    {
        complain("there is a plugin of this name: " + taken);
        return exitUsage;
    }
    try
    {
        const std::string program = programFolder();
        writeNewPlugin(type, templateDirectory(program), _commandLine.path);
        std::cout << nextSteps(type, _commandLine.path, program, packageDirectory(program));
        return exitOk;
    }
    catch (const std::system_error& error)
    {
        complain(error.what());
        return exitCannotCreate;
    }
}

int ServerApp::testHandler()
{
    _loaded = loadConfiguration(_commandLine, _surroundings);
    LoggingConfig logging = _loaded.configuration.logging;
    logging.target = LoggingConfig().target;
    _logging = std::make_unique<Logging>(logging);
    if (!_loaded.problems.empty())
        return refuse();
    const auto mail = makeTrialMail(_commandLine.trial, _loaded.configuration);
    if (const auto* error = std::get_if<UsageError>(&mail))
    {
        complain(error->text);
        return exitUsage;
    }
    std::string message;
    try
    {
        message = readMessage(_commandLine.trial.message);
    }
    catch (const std::system_error& error)
    {
        complain(error.what());
        return exitNoInput;
    }
    endAtOnceOnNextStop(); // there is no session to end cleanly
    auto environment = delivery::Environment::system();
    environment.probe = &_probe;
    const auto isAccepted = tryHandler(_loaded.configuration,
                                       _commandLine.trial.handler,
                                       std::get<TrialMail>(mail),
                                       message,
                                       std::cout,
                                       environment,
                                       _loaded.problems);
    if (!isAccepted)
        return refuse();
    return *isAccepted ? exitOk : exitRefused;
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
    if (const int status = listen(); status != exitOk)
        return status;
    announceStart(_loaded.configuration, _server->addresses());
    waitForStop();
    return stop();
}

std::unique_ptr<delivery::DeliveryService> ServerApp::loadHandlers(LoadedConfiguration& loaded)
{
    // Without any handler there is nothing to find out, and the reason has been told.
    if (loaded.configuration.delivery.handlers.empty())
        return nullptr;
    auto environment = delivery::Environment::system();
    environment.probe = &_probe;
    auto service = delivery::DeliveryService::load(
        loaded.configuration.delivery, {loaded.problems, loaded.warnings}, environment);
    sortProblems(loaded.problems);
    return service;
}

std::unique_ptr<delivery::DeliveryService> ServerApp::startHandlers(LoadedConfiguration& loaded)
{
    auto service = loadHandlers(loaded);
    if (!service || !loaded.problems.empty())
        return nullptr;
    for (const delivery::Problem& warning : loaded.warnings)
        logger().warning(shown(warning));
    loaded.problems = service->start();
    return loaded.problems.empty() ? std::move(service) : nullptr;
}

int ServerApp::refuse() const
{
    for (const delivery::Problem& problem : _loaded.problems)
        std::cerr << shown(problem) << '\n';
    complain(countMistakes(_loaded.problems.size()));
    return exitConfiguration;
}

void ServerApp::complain(const std::string& text) const
{
    std::cerr << "mpsmtpd: " << text << '\n';
    if (_logging && _loaded.configuration.logging.target != LoggingConfig().target)
        logger().critical(text);
}

int ServerApp::listen()
{
    auto service = startHandlers(_loaded);
    if (!service)
        return refuse();
    _server = std::make_unique<net::SmtpServer>(_loaded.configuration.server,
                                                _handlers.add(_generation, std::move(service)));
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
    _handlers.stop();
    return exitUnavailable;
}

void ServerApp::waitForStop()
{
    using Clock = std::chrono::steady_clock;
    auto nextCollect = Clock::now() + collectInterval;
    for (;;)
    {
        auto wait =
            std::chrono::duration_cast<std::chrono::milliseconds>(nextCollect - Clock::now());
        if (_handlers.size() > 1)
            wait = std::min<std::chrono::milliseconds>(wait, oldHandlersInterval);
        const auto event = awaitSignal(std::max(wait, std::chrono::milliseconds(0)));
        if (event == SignalEvent::Stop)
            return;
        heed(event);
        endOldHandlers();
        if (Clock::now() < nextCollect)
            continue;
        _server->collect();
        nextCollect += collectInterval;
    }
}

void ServerApp::heed(SignalEvent event)
{
    if (event == SignalEvent::ReopenLog && reopenLog())
        logger().notice("the log is open anew");
    if (event == SignalEvent::Reload)
        reload();
}

bool ServerApp::reopenLog()
{
    try
    {
        _logging->reopen();
        return true;
    }
    catch (const std::system_error& error)
    {
        logger().error(std::string(error.what()) + "; the old file stays in use");
        return false;
    }
}

void ServerApp::endOldHandlers()
{
    for (const unsigned number : _handlers.dropUnused())
        logger().information("the handlers of configuration " + std::to_string(number) +
                             " have stopped: no session uses them any more");
}

/// Whatever goes wrong, the server goes on as it was.
void ServerApp::reload()
try
{
    (void)reopenLog();
    if (_commandLine.command != Command::File)
        return logger().notice(
            "the log is open anew; there is no configuration file to read again, "
            "this server was started by its command line");
    LoadedConfiguration next = loadConfiguration(_commandLine, _surroundings);
    auto service = startHandlers(next);
    for (const delivery::Problem& problem : next.problems)
        logger().error(shown(problem));
    if (service)
        use(std::move(next), std::move(service));
    else
        logger().error(countMistakes(next.problems.size()) + "; it stays as it was");
}

catch (const std::exception& error)
{
    logger().error(std::string(error.what()) + "; the configuration stays as it was");
}

void ServerApp::use(LoadedConfiguration next, std::unique_ptr<delivery::DeliveryService> service)
{
    const auto addresses = _server->addresses();
    _server->reload(next.configuration.server, _handlers.add(_generation + 1, std::move(service)));
    ++_generation;
    changeLog(next.configuration.logging);
    std::swap(_loaded, next);
    announceChange(
        _generation, {next.sections, addresses}, {_loaded.sections, _server->addresses()});
}

/// A log that cannot be opened is no reason to refuse the rest: what is said about mail must still
/// be written somewhere.
void ServerApp::changeLog(LoggingConfig& next)
{
    try
    {
        _logging->change(next);
    }
    catch (const std::system_error& error)
    {
        next.target = _loaded.configuration.logging.target;
        _logging->change(next);
        logger().error(std::string(error.what()) + "; the log stays where it was");
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
    _handlers.stop();
    logger().information("stopped");
    return exitOk;
}

} // namespace mpsmtp::app
