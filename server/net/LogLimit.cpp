// See LogLimit.h.
#include "net/LogLimit.h"

#include <Poco/ErrorHandler.h>
#include <Poco/Exception.h>
#include <Poco/Logger.h>

#include <exception>
#include <string>
#include <system_error>
#include <utility>

namespace mpsmtp::net
{

namespace
{

constexpr std::chrono::seconds period(10);
constexpr unsigned mostInPeriod = 5;

class LoggingErrorHandler : public Poco::ErrorHandler
{
public:
    void exception(const Poco::Exception& error) override { _log.error(error.displayText()); }

    void exception(const std::exception& error) override { _log.error(error.what()); }

    void exception() override { _log.error("unknown exception"); }

private:
    LogLimit _log;
};

} // namespace

void LogLimit::error(std::initializer_list<std::string_view> parts, int errorNumber) noexcept
try
{
    const long suppressed = admit(CoarseClock::now());
    if (suppressed < 0)
        return;
    std::string line;
    for (const std::string_view part : parts)
        line += part;
    if (errorNumber != 0)
        line += ": " + std::generic_category().message(errorNumber);
    if (suppressed > 0)
        line += " (and " + std::to_string(suppressed) + " more errors before)";
    Poco::Logger::get("net").error(line);
}

catch (const std::exception&) // a log that fails must not take the acceptor with it
{
}

long LogLimit::admit(CoarseClock::time_point now)
{
    const std::lock_guard lock(_mutex);
    if (now >= _periodEnd)
    {
        _periodEnd = now + period;
        _logged = 0;
    }
    if (_logged >= mostInPeriod)
    {
        ++_suppressed;
        return -1;
    }
    ++_logged;
    return std::exchange(_suppressed, 0);
}

void logPocoErrors()
{
    // Never destroyed: POCO keeps a plain pointer, and its threads may outlive static destructors.
    static auto* const handler = new LoggingErrorHandler;
    Poco::ErrorHandler::set(handler);
}

} // namespace mpsmtp::net
