// What this is and its thread safety: HandlerLoading.h.
#include "app/HandlerLoading.h"

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

} // namespace mpsmtp::app
