// The handlers of the configuration in use, and those of earlier ones that have sessions left.
// Handlers are stopped and destroyed here, on the main thread, and not by whichever session ends
// last: plugins are promised that.
// Thread safety: [main]; the sink factories that it gives out [any].
#pragma once

#include "delivery/DeliveryService.h"
#include "net/SmtpServer.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace mpsmtp::app
{

class HandlerGenerations
{
public:
    HandlerGenerations() = default;
    HandlerGenerations(const HandlerGenerations&) = delete;
    HandlerGenerations& operator=(const HandlerGenerations&) = delete;

    /// Every sink factory, and every sink, must be gone.
    ~HandlerGenerations() { stop(); }

    /// Takes a started service.
    /// \return its sinks; while this or a copy of it lives, the service does
    [[nodiscard]] net::SinkFactory add(unsigned number,
                                       std::unique_ptr<delivery::DeliveryService> service);

    /// Whether dropUnused() would have anything to do.
    [[nodiscard]] bool hasUnused() const noexcept;

    /// Stops and destroys the services whose factory is gone.
    /// \return their numbers
    std::vector<unsigned> dropUnused();

    [[nodiscard]] std::size_t size() const noexcept { return _generations.size(); }

    /// Stops and destroys all of them, the oldest first.
    void stop();

private:
    struct Generation
    {
        unsigned number;
        std::unique_ptr<delivery::DeliveryService> service;
        // Not use_count() of a shared pointer: this tells the main thread, too, that all that the
        // last session wrote can be seen.
        std::shared_ptr<std::atomic<bool>> isUnused;
    };

    std::vector<Generation> _generations;
};

} // namespace mpsmtp::app
