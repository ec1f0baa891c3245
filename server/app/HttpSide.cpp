// What this is and its thread safety: HttpSide.h.
#include "app/HttpSide.h"

#include "app/BuildInfo.h"
#include "app/ListenAddress.h"
#include "app/ProcessFigures.h"
#include "metrics/Report.h"

#include <Poco/Logger.h>
#include <Poco/Version.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

namespace mpsmtp::app
{

namespace
{

Poco::Logger& logger()
{
    return Poco::Logger::get("http");
}

std::string pocoVersion()
{
    const auto part = [](unsigned shift)
    { return std::to_string((static_cast<unsigned>(POCO_VERSION) >> shift) & 0xFFu); };
    return part(24) + "." + part(16) + "." + part(8);
}

/// \return "g++ 12.2.0"
std::string compiler()
{
#ifdef __clang__
    return std::string("clang++ ") + __clang_version__;
#else
    return std::string("g++ ") + __VERSION__;
#endif
}

std::string
page(const metrics::Metrics& metrics, const ProcessFigures& process, metrics::Format format)
{
    metrics::Exposition text(format);
    report(metrics::Build{version, compiler(), pocoVersion()}, text);
    report(metrics, text);
    report(process.now(), text);
    return text.finish();
}

bool holds(const std::vector<std::string>& addresses, const std::string& address)
{
    return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

} // namespace

HttpSide::HttpSide(const metrics::Metrics& metrics, Health& health)
    : _server({[&metrics, process = std::make_shared<const ProcessFigures>()](
                   metrics::Format format) { return page(metrics, *process, format); },
               [&health] { return health.live(); },
               [&health] { return health.ready(); }})
{
}

void HttpSide::start(const std::vector<std::string>& addresses)
{
    _server.take(_bound ? std::move(*_bound) : _server.prepare(addresses));
    _bound.reset();
    announce({});
}

http::HttpServer::Change HttpSide::prepare(const std::vector<std::string>& addresses) const
{
    return _server.prepare(addresses);
}

void HttpSide::take(http::HttpServer::Change change)
try
{
    const auto before = _server.addresses();
    _server.take(std::move(change));
    announce(before);
}

catch (const std::system_error& error)
{
    logger().error(std::string(error.what()) + "; [http] address stays as it was");
}

void HttpSide::announce(const std::vector<std::string>& before) const
{
    const auto now = _server.addresses();
    for (const std::string& address : now)
    {
        if (holds(before, address))
            continue;
        logger().information("/metrics, /livez and /readyz are served on " + address);
        if (!isLocalAddress(address))
            logger().warning(address + " can be reached from other machines, and asks nobody who "
                                       "they are; see docs/metrics.md");
    }
    for (const std::string& address : before)
        if (!holds(now, address))
            logger().information("HTTP on " + address + " has been closed");
}

} // namespace mpsmtp::app
