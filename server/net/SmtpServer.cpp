// See SmtpServer.h. The order of the way up and of the way down.
#include "net/SmtpServer.h"

#include "net/Acceptor.h"
#include "net/Listener.h"
#include "net/Reaper.h"
#include "net/ResourceLimits.h"
#include "net/ServerContext.h"

#include <Poco/Exception.h>
#include <Poco/ThreadPool.h>

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
constexpr int poolIdleSeconds = 60;
constexpr int threadStackOctets =
    256 * 1024; // glibc's 8 MiB would cost page tables and address space

/// For sessions that were cut to notice it; those that have not by then are inside a handler that
/// hangs.
constexpr std::chrono::seconds cutTimeout(1);

} // namespace

struct SmtpServer::Impl
{
    Impl(ServerConfig config, SinkFactory sinks) : context(std::move(config), std::move(sinks)) {}

    void start();
    std::size_t stop(std::chrono::milliseconds grace);

    ServerContext context;
    std::optional<Reaper> reaper;
    std::optional<Poco::ThreadPool> pool;
    std::vector<Acceptor> acceptors;
    std::vector<std::string> addresses;
    bool stopped = false;

private:
    using BoundListener = std::pair<const ListenerConfig*, Listener>;

    void warnOfLimits();
    std::vector<BoundListener> bindAll() const;
    void makePool(std::size_t listeners);
};

void SmtpServer::Impl::start()
{
    logPocoErrors();
    raiseDescriptorLimit();
    warnOfLimits();
    auto bound = bindAll();
    for (auto& listener : bound)
        listener.second.listen();

    makePool(bound.size());
    reaper.emplace(context.registry);
    acceptors.reserve(bound.size());
    for (auto& [config, listener] : bound)
    {
        addresses.push_back(listener.address());
        acceptors.emplace_back(context, *config, std::move(listener), *pool);
    }
    for (Acceptor& acceptor : acceptors)
        acceptor.start();
}

void SmtpServer::Impl::warnOfLimits()
{
    for (const auto& warning : tightLimits(context.config.connections, context.config.threads))
        context.log.warning(warning);
}

std::vector<SmtpServer::Impl::BoundListener> SmtpServer::Impl::bindAll() const
{
    std::vector<BoundListener> bound;
    for (const ListenerConfig& config : context.config.listeners)
    {
        for (const std::string& address : config.addresses)
        {
            for (Listener& listener : Listener::bind(address))
                bound.emplace_back(&config, std::move(listener));
        }
    }
    return bound;
}

void SmtpServer::Impl::makePool(std::size_t listeners)
{
    const std::size_t serving = context.config.threads;
    // A quarter more for threads on their way back to the pool while their places are taken again
    // already.
    const std::size_t capacity = serving + serving / 4 + (listeners + 1) * Acceptor::spareThreads;
    pool.emplace(
        "smtp", poolMinThreads, static_cast<int>(capacity), poolIdleSeconds, threadStackOctets);
}

std::size_t SmtpServer::Impl::stop(std::chrono::milliseconds grace)
{
    if (std::exchange(stopped, true))
        return 0;
    context.registry.beginShutdown();
    for (Acceptor& acceptor : acceptors)
        acceptor.stop();
    if (context.registry.awaitEmpty(grace))
        return 0;
    const std::size_t cut = context.registry.cutAll();
    (void)context.registry.awaitEmpty(cutTimeout);
    return cut;
}

SmtpServer::SmtpServer(ServerConfig config, SinkFactory sinks)
    : _impl(std::make_unique<Impl>(std::move(config), std::move(sinks)))
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
    throw std::system_error(
        EAGAIN, std::generic_category(), "cannot start: " + error.displayText());
}

std::vector<std::string> SmtpServer::addresses() const
{
    return _impl->addresses;
}

std::size_t SmtpServer::shutDown()
{
    return _impl->stop(_impl->context.config.shutdownGrace);
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
