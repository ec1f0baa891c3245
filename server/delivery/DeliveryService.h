// The delivery room's front door: loads the plugins, makes the handlers, and gives each connection a sink.
#pragma once

#include "delivery/DeliveryConfig.h"
#include "smtp/MessageSink.h"

#include <memory>
#include <vector>

namespace mpsmtp::delivery
{

/// Thread safety: load, start, stop [main]; newSink [any].
class DeliveryService
{
public:
    /// Loads every plugin, checks every setting against its option table and makes every handler.
    /// \return the service, or nullptr with all mistakes in `problems`
    [[nodiscard]] static std::unique_ptr<DeliveryService> load(const DeliveryConfig& config,
                                                               std::vector<Problem>& problems);

    /// Stops and destroys the handlers. Every sink must be gone.
    ~DeliveryService();

    /// Calls start() of every handler.
    /// \return the mistakes; if there are any, stop and do not listen
    [[nodiscard]] std::vector<Problem> start();

    /// Calls stop() of every started handler.
    void stop();

    /// One for each connection; must be destroyed before the service.
    [[nodiscard]] std::unique_ptr<smtp::MessageSink> newSink();
};

} // namespace mpsmtp::delivery
