// What this is and its thread safety: ServerApp.h.
#include "app/ServerApp.h"

#include "app/ActivationCheck.h"
#include "app/Announcements.h"
#include "app/ExitStatus.h"
#include "app/HandlerLoading.h"
#include "app/Logging.h"
#include "app/Signals.h"
#include "delivery/DeliveryService.h"
#include "net/SmtpServer.h"

#include <Poco/Logger.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

constexpr std::chrono::seconds collectInterval(10);

/// How often old handlers are looked at, whether they can go, and the log, whether it has something to tell; only while
/// there is anything.
constexpr std::chrono::seconds shortInterval(1);

/// What handlers may take, told to the service manager: a store with a journal mends itself first, and syncs a whole file
/// system last.
constexpr std::chrono::minutes longestHandlerStart(10);
constexpr std::chrono::minutes longestHandlerStop(2);

/// Behind limits.reply_timeout no client waits any more.
constexpr std::chrono::minutes hangingBehindReply(1);

Poco::Logger& logger()
{
    return Poco::Logger::get("server");
}

} // namespace

ServerApp::ServerApp(CommandLine commandLine,
                     Surroundings surroundings,
                     ServiceManager manager,
                     net::SocketStock sockets)
    : _commandLine(std::move(commandLine)),
      _surroundings(std::move(surroundings)),
      _manager(std::move(manager)),
      _sockets(std::move(sockets)),
      _complaints(_surroundings),
      _probe("/proc/self/exe") // even if the file has been replaced since
{
}

ServerApp::~ServerApp() = default;

int ServerApp::run()
{
    _loaded = loadConfiguration(_commandLine, _surroundings);
    checkProcess(_loaded);
    if (const int status = becomeUser(); status != exitOk)
        return status;
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
    announceStart(
        _loaded.configuration, _server->addresses(), _user.whoServes(), _manager.isThere());
    _manager.ready(status());
    waitForStop();
    return stop();
}

/// Between what root may and what handlers do: binds, gives the rights up, and only then is anything made that is to be used
/// later, the log first.
int ServerApp::becomeUser()
try
{
    if (!_loaded.problems.empty())
        return exitOk; // they are told with those of the plugins
    _user.become(_loaded.configuration,
                 [this]
                 {
                     _sockets.bindNow(_loaded.configuration.server.listeners);
                     _http.bindNow(_loaded.configuration.http);
                 });
    return exitOk;
}

catch (const std::exception& error)
{
    complain(error.what());
    return exitUnavailable;
}

void ServerApp::checkProcess(LoadedConfiguration& loaded) const
{
    if (!loaded.problems.empty())
        return;
    checkInherited(loaded, _sockets);
    _user.check(loaded);
}

std::unique_ptr<delivery::DeliveryService> ServerApp::loadHandlers(LoadedConfiguration& loaded)
{
    auto environment = delivery::Environment::system();
    environment.probe = &_probe;
    environment.metrics = &_metrics;
    return app::loadHandlers(loaded, environment);
}

int ServerApp::refuse() const
{
    _complaints.list(_loaded.problems);
    complain(countMistakes(_loaded.problems.size()));
    return exitConfiguration;
}

void ServerApp::complain(const std::string& text) const
{
    _complaints.say(text);
    if (_logging && _loaded.configuration.logging.target != LoggingConfig().target)
        logger().critical(text);
}

int ServerApp::listen()
{
    _manager.starting(longestHandlerStart);
    auto service = loadHandlers(_loaded);
    if (!service || !_loaded.problems.empty())
        return refuse();
    try
    {
        // Handlers may take long to start; probes are answered meanwhile.
        _http.start(_loaded.configuration.http);
        service = startHandlers(std::move(service), _loaded);
        if (!service)
            return refuse();
        _server = std::make_unique<net::SmtpServer>(_loaded.configuration.server,
                                                    _handlers.add(_generation, std::move(service)),
                                                    _sockets,
                                                    &_metrics);
        _server->start();
        tellUse();
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
        if (_handlers.size() > 1 || _logging->needsTending())
            wait = std::min<std::chrono::milliseconds>(wait, shortInterval);
        if (_manager.nextSign() < Clock::now() + wait)
            wait = std::chrono::ceil<std::chrono::milliseconds>(_manager.nextSign() - Clock::now());
        _health.beat();
        const auto event = awaitSignal(std::max(wait, std::chrono::milliseconds(0)));
        if (event == SignalEvent::Stop)
            return;
        heed(event);
        endOldHandlers();
        tellManager();
        _logging->tend();
        if (Clock::now() < nextCollect)
            continue;
        _server->collect();
        _manager.status(status());
        nextCollect += collectInterval;
    }
}

void ServerApp::heed(SignalEvent event)
{
    if (event == SignalEvent::ReopenLog && reopenLog())
        logger().notice("the log is open anew");
    if (event == SignalEvent::Reload)
        reloadTold();
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
    if (!_handlers.hasUnused())
        return;
    _manager.busy(longestHandlerStop);
    for (const unsigned number : _handlers.dropUnused())
        logger().information("the handlers of configuration " + std::to_string(number) +
                             " have stopped: no session uses them any more");
    _metrics.generationsInUse.set(static_cast<std::int64_t>(_handlers.size()));
}

/// Without a sign of life the manager starts another server; why is in the log then.
void ServerApp::tellManager()
{
    if (ServiceManager::Clock::now() < _manager.nextSign())
        return;
    const auto handlerTime = _loaded.configuration.delivery.replyTimeout + hangingBehindReply;
    std::string stall = _server->stall(_manager.patience(), handlerTime);
    if (stall.empty())
        _manager.alive();
    else if (stall != _stall)
        logger().critical(stall + "; the service manager gets no sign of life");
    _stall = std::move(stall);
}

std::string ServerApp::status() const
{
    return std::to_string(_server->connections()) + " connections, configuration " +
           std::to_string(_generation) +
           (_refusal.empty() ? "" : "; the last reload was refused: " + _refusal);
}

void ServerApp::reloadTold()
{
    _manager.reloading(longestHandlerStart);
    reload();
    _manager.ready(status());
}

void ServerApp::keep(const std::string& reason)
{
    _refusal = reason;
    logger().error(reason + "; it stays as it was");
}

/// Whatever goes wrong, the server goes on as it was.
void ServerApp::reload()
{
    using Reload = metrics::Metrics::Reload;
    (void)reopenLog();
    if (_commandLine.command != Command::File)
        return logger().notice(
            "the log is open anew; there is no configuration file to read again, "
            "this server was started by its command line");
    const bool isInUse = tryReload();
    const metrics::Turn turn(_metrics.slots);
    _metrics.reloads.add(turn, isInUse ? Reload::Success : Reload::Failure);
    _metrics.lastReloadOk.set(isInUse ? 1 : 0);
}

bool ServerApp::tryReload()
try
{
    LoadedConfiguration next = loadConfiguration(_commandLine, _surroundings);
    checkProcess(next);
    auto service = startHandlers(loadHandlers(next), next);
    for (const delivery::Problem& problem : next.problems)
        logger().error(shown(problem));
    if (!service)
    {
        keep(countMistakes(next.problems.size()));
        return false;
    }
    use(std::move(next), std::move(service));
    return true;
}

catch (const std::exception& error)
{
    _refusal = error.what();
    logger().error(_refusal + _user.hint() + "; the configuration stays as it was");
    return false;
}

/// For the metrics and the probes: which configuration clients are served by.
void ServerApp::tellUse()
{
    using namespace std::chrono;
    const Configuration& configuration = _loaded.configuration;
    _health.serving(configuration.delivery.spoolDirectory,
                    configuration.server.listeners.front().session.maxMessageOctets);
    _metrics.generation.set(_generation);
    _metrics.generationsInUse.set(static_cast<std::int64_t>(_handlers.size()));
    _metrics.lastReloadOk.set(1);
    _metrics.lastReloadTime.set(
        duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

void ServerApp::use(LoadedConfiguration next, std::unique_ptr<delivery::DeliveryService> service)
{
    const auto addresses = _server->addresses();
    auto http = _http.prepare(next.configuration.http);
    _server->reload(next.configuration.server, _handlers.add(_generation + 1, std::move(service)));
    ++_generation;
    _refusal.clear();
    ServerUser::change(_loaded.configuration.process, next.configuration.process);
    changeLog(next.configuration.logging);
    std::swap(_loaded, next);
    _http.take(std::move(http));
    tellUse();
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
    _health.stopping();
    endAtOnceOnNextStop();
    _manager.stopping("stopping, " + std::to_string(_server->connections()) + " connections",
                      _loaded.configuration.server.shutdownGrace + longestHandlerStop);
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
    const bool isQuiet = _http.stop();
    logger().information("stopped");
    if (!isQuiet)
        ::_exit(exitOk); // a probe waits for a file system that does not answer
    return exitOk;
}

} // namespace mpsmtp::app
