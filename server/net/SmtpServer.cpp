// See SmtpServer.h. The order of the way up, of a change, and of the way down.
#include "net/SmtpServer.h"

#include "net/Acceptors.h"
#include "net/Liveness.h"
#include "net/Reaper.h"
#include "net/ResourceLimits.h"
#include "net/ServerContext.h"
#include "net/SocketStock.h"

#include <Poco/Exception.h>
#include <Poco/ThreadPool.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include <malloc.h>

#include <cerrno>

namespace mpsmtp::net
{

namespace
{

constexpr int poolMinThreads = 4;
constexpr int poolIdleSeconds = 10;
constexpr int threadStackOctets =
    256 * 1024; // glibc's 8 MiB would cost page tables and address space

/// For sessions that were cut to notice it; those that have not by then are inside a handler that
/// hangs.
constexpr std::chrono::seconds cutTimeout(1);

/// POCO has no errno for it; it is want of threads or memory.
[[noreturn]] void throwAsSystemError(const char* what, const Poco::Exception& error)
{
    throw std::system_error(EAGAIN, std::generic_category(), what + error.displayText());
}

} // namespace

struct SmtpServer::Impl
{
    Impl(ServerConfig config, SinkFactory sinks, SocketStock& stock, metrics::Metrics* given)
        : ownMetrics(given ? nullptr : std::make_unique<metrics::Metrics>()),
          metrics(given ? *given : *ownMetrics),
          generation(
              std::make_shared<const Generation>(std::move(config), std::move(sinks), metrics)),
          context(*generation, metrics),
          acceptors(context, stock)
    {
    }

    void start();
    void reload(std::shared_ptr<const Generation> next);
    std::size_t stop(std::chrono::milliseconds grace);

    const std::unique_ptr<metrics::Metrics> ownMetrics;
    metrics::Metrics& metrics;
    std::shared_ptr<const Generation> generation; ///< of new connections
    ServerContext context;
    std::optional<Reaper> reaper;
    std::optional<Poco::ThreadPool> pool;
    int poolCapacity = 0;
    Acceptors acceptors;
    std::optional<Liveness> liveness;
    bool stopped = false;

private:
    void warnOfLimits(const ServerConfig& config);
    void tellLimits(const ServerConfig& config) const noexcept;
    void growPool(const ServerConfig& config, std::size_t listeners);
};

void SmtpServer::Impl::start()
{
    logPocoErrors();
    warnOfLimits(generation->config);
    auto change = acceptors.prepare(generation);
    growPool(generation->config, change.size());
    reaper.emplace(context.registry);
    acceptors.take(std::move(change), *pool);
    liveness.emplace(context, acceptors, *pool);
    tellLimits(generation->config);
}

void SmtpServer::Impl::reload(std::shared_ptr<const Generation> next)
{
    const ServerConfig& config = next->config;
    auto change = acceptors.prepare(next);
    growPool(config, acceptors.size() + change.size());
    acceptors.take(std::move(change), *pool);
    context.admission.setLimits(mostConnections(config), config.connectionsPerClient);
    context.registry.setRefusal(next->refusals.full);
    warnOfLimits(config);
    tellLimits(config);
    generation = std::move(next);
}

void SmtpServer::Impl::warnOfLimits(const ServerConfig& config)
{
    for (const auto& warning : limitWarnings(config))
        context.log.warning(warning);
}

void SmtpServer::Impl::tellLimits(const ServerConfig& config) const noexcept
{
    metrics.connectionLimit.set(static_cast<std::int64_t>(mostConnections(config)));
    metrics.threadLimit.set(static_cast<std::int64_t>(config.threads));
}

/// It never shrinks: threads that nobody needs end after a while, and Admission says how many there
/// may be.
void SmtpServer::Impl::growPool(const ServerConfig& config, std::size_t listeners)
{
    const std::size_t serving = config.threads;
    // A quarter more for threads on their way back to the pool while their places are taken again
    // already.
    const auto capacity =
        static_cast<int>(serving + serving / 4 + (listeners + 1) * Acceptor::spareThreads);
    if (!pool)
        pool.emplace("smtp", poolMinThreads, capacity, poolIdleSeconds, threadStackOctets);
    else if (capacity > poolCapacity)
        pool->addCapacity(capacity - poolCapacity);
    poolCapacity = std::max(poolCapacity, capacity);
}

std::size_t SmtpServer::Impl::stop(std::chrono::milliseconds grace)
{
    if (std::exchange(stopped, true))
        return 0;
    acceptors.hold();
    context.registry.beginShutdown();
    acceptors.stop();
    if (context.registry.awaitEmpty(grace))
        return 0;
    const std::size_t cut = context.registry.cutAll();
    (void)context.registry.awaitEmpty(cutTimeout);
    return cut;
}

std::vector<std::string> limitWarnings(const ServerConfig& config)
{
    raiseDescriptorLimit();
    return tightLimits(config.connections, config.threads);
}

SmtpServer::SmtpServer(ServerConfig config,
                       SinkFactory sinks,
                       SocketStock& stock,
                       metrics::Metrics* metrics)
    : _impl(std::make_unique<Impl>(std::move(config), std::move(sinks), stock, metrics))
{
}

SmtpServer::~SmtpServer()
{
    _impl->stop(std::chrono::milliseconds(0));
    // Threads inside a handler that hangs still use all this; Poco::ThreadPool would wait ten
    // seconds for each.
    if (_impl->context.registry.size() > 0)
        (void)_impl.release();
    else if (_impl->pool)
        // Ends when POCO's threads have noticed the stop (Acceptor's idle wait). Without it a
        // thread that was started and has not run yet is dropped, and its dispatcher leaks.
        _impl->pool->joinAll();
}

void SmtpServer::start()
try
{
    _impl->start();
}

catch (const Poco::Exception& error)
{
    throwAsSystemError("cannot start: ", error);
}

void SmtpServer::reload(ServerConfig config, SinkFactory sinks)
try
{
    _impl->reload(
        std::make_shared<const Generation>(std::move(config), std::move(sinks), _impl->metrics));
}

catch (const Poco::Exception& error)
{
    throwAsSystemError("cannot change: ", error);
}

std::vector<std::string> SmtpServer::addresses() const
{
    return _impl->acceptors.addresses();
}

std::string SmtpServer::stall(std::chrono::milliseconds patience,
                              std::chrono::milliseconds handlerTime)
{
    const ServerConfig& config = _impl->generation->config;
    return _impl->liveness
               ? _impl->liveness->complaint(patience, mostConnections(config), handlerTime)
               : std::string();
}

std::size_t SmtpServer::shutDown()
{
    return _impl->stop(_impl->generation->config.shutdownGrace);
}

void SmtpServer::collect()
{
    if (_impl->pool)
        _impl->pool->collect();
    ::malloc_trim(0);
}

std::size_t SmtpServer::connections() const noexcept
{
    return _impl->context.admission.count();
}

} // namespace mpsmtp::net
