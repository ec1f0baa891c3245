// From a configuration to its handlers: made, and then started.
// Thread safety: [main].
#pragma once

#include "app/Configuration.h"
#include "delivery/DeliveryService.h"
#include "delivery/Environment.h"

#include <memory>

namespace mpsmtp::app
{

/// What is wrong is added to the problems of `loaded`, what is odd to its warnings.
/// \return nullptr if there is no handler at all
[[nodiscard]] std::unique_ptr<delivery::DeliveryService>
loadHandlers(LoadedConfiguration& loaded, const delivery::Environment& environment);

/// Starts what loadHandlers() has made, if there is no mistake anywhere; the warnings of `loaded` go to the log.
/// \return nullptr if there is one; it is in the problems of `loaded`
[[nodiscard]] std::unique_ptr<delivery::DeliveryService>
startHandlers(std::unique_ptr<delivery::DeliveryService> service, LoadedConfiguration& loaded);

} // namespace mpsmtp::app
