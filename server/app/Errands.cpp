// What this is and its thread safety: Errands.h.
#include "app/Errands.h"

#include "app/ActivationCheck.h"
#include "app/Announcements.h"
#include "app/ExitStatus.h"
#include "app/Explain.h"
#include "app/HandlerLoading.h"
#include "app/HandlerTrial.h"
#include "app/HelpText.h"
#include "app/Logging.h"
#include "app/NewPlugin.h"
#include "app/PluginDirectory.h"
#include "app/PluginListing.h"
#include "app/Privileges.h"
#include "app/Signals.h"
#include "net/SmtpServer.h"

#include <Poco/Logger.h>

#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

namespace mpsmtp::app
{

namespace
{

Poco::Logger& logger()
{
    return Poco::Logger::get("server");
}

} // namespace

Errands::Errands(CommandLine commandLine, Surroundings surroundings)
    : _commandLine(std::move(commandLine)),
      _surroundings(std::move(surroundings)),
      _complaints(_surroundings),
      _probe("/proc/self/exe") // even if the file has been replaced since
{
}

Errands::~Errands() = default;

int Errands::run()
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
    throw std::logic_error("serving is no errand");
}

int Errands::listPlugins()
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
        _complaints.say("cannot read the plugin folder " + config.pluginDirectory + ": " +
                        error.code().message() + "; set [server] plugin_dir");
        return exitConfiguration;
    }
}

/// Writes nothing, not even the log file: handlers are made, but not started.
std::unique_ptr<delivery::DeliveryService> Errands::load()
{
    _loaded = loadConfiguration(_commandLine, _surroundings);
    LoggingConfig quiet;
    quiet.level = Poco::Message::PRIO_WARNING;
    _logging = std::make_unique<Logging>(quiet);
    // Not who we are: root may check what another user is going to serve with.
    if (_loaded.problems.empty())
        addProcessProblem(_loaded, identityProblem(_loaded.configuration.process));
    auto environment = delivery::Environment::system();
    environment.probe = &_probe;
    auto service = loadHandlers(_loaded, environment);
    if (!_loaded.problems.empty())
        return nullptr;
    for (const delivery::Problem& warning : _loaded.warnings)
        logger().warning(shown(warning));
    return service;
}

int Errands::checkConfiguration()
{
    if (!load())
        return refuse();
    for (const std::string& warning : net::limitWarnings(_loaded.configuration.server))
        logger().warning(warning);
    std::cout << _commandLine.configFile << ": ok\n";
    return exitOk;
}

int Errands::explainRoute()
{
    const auto service = load();
    if (!service)
        return refuse();
    const auto result =
        explain(_loaded.configuration, _commandLine.explain, service->deliveringHandlers());
    if (const auto* error = std::get_if<UsageError>(&result))
    {
        _complaints.say(error->text);
        return exitUsage;
    }
    const auto& explanation = std::get<Explanation>(result);
    std::cout << explanation.text;
    return explanation.isRefused ? exitRefused : exitOk;
}

int Errands::newPlugin()
{
    const std::string& type = _commandLine.newPlugin;
    const std::string taken = _surroundings.pluginDirectory + "/" + type + ".so";
    if (std::error_code ignored; std::filesystem::exists(taken, ignored))
    {
        _complaints.say("there is a plugin of this name: " + taken);
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
        _complaints.say(error.what());
        return exitCannotCreate;
    }
}

int Errands::testHandler()
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
        _complaints.say(error->text);
        return exitUsage;
    }
    std::string message;
    try
    {
        message = readMessage(_commandLine.trial.message);
    }
    catch (const std::system_error& error)
    {
        _complaints.say(error.what());
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

int Errands::refuse() const
{
    _complaints.list(_loaded.problems);
    _complaints.say(countMistakes(_loaded.problems.size()));
    return exitConfiguration;
}

} // namespace mpsmtp::app
