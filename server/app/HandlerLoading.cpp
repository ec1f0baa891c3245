// What this is and its thread safety: HandlerLoading.h.
#include "app/HandlerLoading.h"

#include <Poco/Logger.h>

#include <utility>

namespace mpsmtp::app
{

std::unique_ptr<delivery::DeliveryService> loadHandlers(LoadedConfiguration& loaded,
                                                        const delivery::Environment& environment)
{
    // Without any handler there is nothing to find out, and the reason has been told.
    if (loaded.configuration.delivery.handlers.empty())
        return nullptr;
    auto service = delivery::DeliveryService::load(
        loaded.configuration.delivery, {loaded.problems, loaded.warnings}, environment);
    sortProblems(loaded.problems);
    return service;
}

std::unique_ptr<delivery::DeliveryService>
startHandlers(std::unique_ptr<delivery::DeliveryService> service, LoadedConfiguration& loaded)
{
    if (!service || !loaded.problems.empty())
        return nullptr;
    for (const delivery::Problem& warning : loaded.warnings)
        Poco::Logger::get("server").warning(shown(warning));
    loaded.problems = service->start();
    return loaded.problems.empty() ? std::move(service) : nullptr;
}

} // namespace mpsmtp::app
