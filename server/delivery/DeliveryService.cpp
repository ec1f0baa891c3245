// What this is and its thread safety: DeliveryService.h.
#include "delivery/DeliveryService.h"

#include "delivery/BufferPool.h"
#include "delivery/HandlerChain.h"
#include "delivery/PluginLibrary.h"
#include "delivery/SignalGuard.h"
#include "delivery/SpoolDirectory.h"
#include "delivery/TransactionSink.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

/// Makes the handlers of all sections that are without mistakes.
class Loader
{
public:
    Loader(const DeliveryConfig& config,
           StorageSync& sync,
           const Environment& environment,
           metrics::Metrics& metrics,
           std::vector<Problem>& problems)
        : _config(config),
          _sync(sync),
          _environment(environment),
          _metrics(metrics),
          _problems(problems),
          _library(config.pluginDirectory, environment.probe)
    {
    }

    Handlers load()
    {
        Handlers handlers;
        for (const HandlerConfig& section : _config.handlers)
            if (auto handler = load(section))
                handlers.push_back(std::move(handler));
        return handlers;
    }

private:
    std::unique_ptr<LoadedHandler> refuse(const HandlerConfig& section, const std::string& text)
    {
        _problems.push_back({section.origin, "[handler:" + section.name + "] " + text});
        return nullptr;
    }

    std::unique_ptr<LoadedHandler> load(const HandlerConfig& section)
    {
        if (isRepeated(section))
            return refuse(section, "there are two sections of this name");
        PluginResult result = _library.find(section);
        if (!result.plugin)
            return refuse(section, result.mistake);
        const std::size_t before = _problems.size();
        OptionValues options =
            checkOptions(*result.plugin, section, _config.baseDirectory, _problems);
        if (_problems.size() != before)
            return nullptr; // a handler never sees a value that it did not ask for
        auto handler = std::make_unique<LoadedHandler>(
            section, std::move(options), _sync, _environment.clock, _metrics.handler(section.name));
        if (const std::string mistake = handler->make(*result.plugin); !mistake.empty())
            return refuse(section, mistake);
        if (_environment.interpose)
            handler->replaceFunctions(_environment.interpose(handler->functions()));
        return handler;
    }

    /// True if an earlier section has the same name.
    bool isRepeated(const HandlerConfig& section) const
    {
        const auto first =
            std::find_if(_config.handlers.begin(),
                         _config.handlers.end(),
                         [&](const HandlerConfig& each) { return each.name == section.name; });
        return &*first != &section;
    }

    const DeliveryConfig& _config;
    StorageSync& _sync;
    const Environment& _environment;
    metrics::Metrics& _metrics;
    std::vector<Problem>& _problems;
    PluginLibrary _library;
};

/// By file and line; what stands in no file comes last.
bool standsBefore(const Problem& a, const Problem& b)
{
    const auto place = [](const Problem& problem)
    {
        return std::tuple(
            problem.origin.line == 0, std::string_view(problem.origin.file), problem.origin.line);
    };
    return place(a) < place(b);
}

} // namespace

/// All that the service owns, in the order in which it is made.
class DeliveryService::Parts
{
public:
    Parts(const DeliveryConfig& config, const Environment& environment, const Findings& findings)
        : ownMetrics(environment.metrics ? nullptr : std::make_unique<metrics::Metrics>()),
          counts(environment.metrics ? *environment.metrics : *ownMetrics),
          files(environment.files),
          clock(environment.clock),
          spool{config.spoolDirectory, config.spoolMemoryOctets},
          replyTimeout(config.replyTimeout),
          pool(BufferPool::usualIdle, &counts.spoolMemory),
          sync(config.durability, environment.sync, &counts),
          handlers(Loader(config, sync, environment, counts, findings.problems).load()),
          chain(handlers, config, handlers.size() == config.handlers.size(), findings)
    {
    }

    const std::unique_ptr<metrics::Metrics> ownMetrics;
    metrics::Metrics& counts;
    FileCalls& files;
    Clock& clock;
    const SpoolLimits spool;
    const std::chrono::milliseconds replyTimeout;
    BufferPool pool;
    TransactionIds ids;
    const TransactionLog log;
    StorageSync sync;
    const Handlers handlers;
    const HandlerChain chain;
    std::vector<LoadedHandler*> started;
};

std::unique_ptr<DeliveryService> DeliveryService::load(const DeliveryConfig& config,
                                                       const Findings& findings,
                                                       const Environment& environment)
{
    const SignalGuard guard;
    std::vector<Problem> found;
    auto parts = std::make_unique<Parts>(config, environment, Findings{found, findings.warnings});
    std::stable_sort(found.begin(), found.end(), standsBefore);
    findings.problems.insert(findings.problems.end(), found.begin(), found.end());
    if (!found.empty())
        return nullptr;
    return std::unique_ptr<DeliveryService>(new DeliveryService(std::move(parts)));
}

DeliveryService::DeliveryService(std::unique_ptr<Parts> parts) noexcept : _parts(std::move(parts))
{
}

DeliveryService::~DeliveryService()
{
    stop();
}

std::vector<Problem> DeliveryService::start()
{
    const SignalGuard guard;
    std::vector<Problem> problems;
    if (auto mistake = prepareSpoolDirectory(_parts->files, _parts->spool.directory);
        !mistake.empty())
        problems.push_back({{}, std::move(mistake)});
    for (const auto& handler : _parts->handlers)
    {
        if (const std::string mistake = handler->start(); !mistake.empty())
            problems.push_back({handler->origin(), "[handler:" + handler->name() + "] " + mistake});
        else
            _parts->started.push_back(handler.get());
    }
    if (!problems.empty())
        stop();
    std::stable_sort(problems.begin(), problems.end(), standsBefore);
    return problems;
}

/// In reverse, as a stack of services is stopped.
void DeliveryService::stop()
{
    while (!_parts->started.empty())
    {
        LoadedHandler* handler = _parts->started.back();
        _parts->started.pop_back();
        handler->stop();
    }
}

std::vector<std::string> DeliveryService::deliveringHandlers() const
{
    std::vector<std::string> names;
    for (const auto& handler : _parts->handlers)
        if (handler->isDelivering())
            names.push_back(handler->name());
    return names;
}

std::unique_ptr<smtp::MessageSink> DeliveryService::newSink()
{
    return std::make_unique<TransactionSink>(SinkResources{_parts->chain,
                                                           _parts->pool,
                                                           _parts->files,
                                                           _parts->clock,
                                                           _parts->ids,
                                                           _parts->log,
                                                           _parts->spool,
                                                           _parts->replyTimeout,
                                                           _parts->counts});
}

} // namespace mpsmtp::delivery
