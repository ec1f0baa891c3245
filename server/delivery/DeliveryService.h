// The delivery room's front door: loads the plugins, makes the handlers, and gives each connection a sink.
// Thread safety: load, start, stop [main]; newSink [any].
#pragma once

#include "delivery/DeliveryConfig.h"
#include "delivery/Environment.h"
#include "smtp/MessageSink.h"

#include <memory>
#include <string>
#include <vector>

namespace mpsmtp::delivery
{

class DeliveryService
{
public:
    /// Loads every plugin, checks every setting against its option table and makes every handler.
    /// Writes nothing, so that it can check a configuration.
    /// \return the service, or nullptr with all mistakes added to the problems, in the order of their places in the file
    [[nodiscard]] static std::unique_ptr<DeliveryService>
    load(const DeliveryConfig& config,
         const Findings& findings,
         const Environment& environment = Environment::system());

    DeliveryService(const DeliveryService&) = delete;
    DeliveryService& operator=(const DeliveryService&) = delete;

    /// Stops (if stop() was not called) and destroys the handlers. Every sink must be gone.
    ~DeliveryService();

    /// Makes the spool directory (0700) if it is missing, and calls start() of every handler.
    /// \return the mistakes; if there are any, what had started is stopped again: do not listen
    [[nodiscard]] std::vector<Problem> start();

    /// Calls stop() of every started handler.
    void stop();

    /// Names of the handlers that deliver, in file order.
    [[nodiscard]] std::vector<std::string> deliveringHandlers() const;

    /// One for each connection; must be destroyed before the service.
    [[nodiscard]] std::unique_ptr<smtp::MessageSink> newSink();

private:
    class Parts;

    explicit DeliveryService(std::unique_ptr<Parts> parts) noexcept;

    std::unique_ptr<Parts> _parts;
};

} // namespace mpsmtp::delivery
