// One `[handler:NAME]` section with the handler that its plugin made for it.
// Thread safety: make, start, stop [main]; all else [any].
#pragma once

#include "delivery/Clock.h"
#include "delivery/DeliveryConfig.h"
#include "delivery/HandlerSlots.h"
#include "delivery/OptionTable.h"
#include "delivery/StorageSync.h"
#include "metrics/Metrics.h"

#include <mpsmtp/abi.h>

#include <Poco/Logger.h>

#include <cstdint>
#include <string>
#include <string_view>

/// The opaque type of abi.h.
struct mpsmtp_host_data
{
};

namespace mpsmtp::delivery
{

class LoadedHandler : public mpsmtp_host_data
{
public:
    /// Does not make the handler yet. `sync`, `clock` and `counts` must outlive the object.
    LoadedHandler(const HandlerConfig& section,
                  OptionValues options,
                  StorageSync& sync,
                  Clock& clock,
                  metrics::Handler& counts);

    LoadedHandler(const LoadedHandler&) = delete;
    LoadedHandler& operator=(const LoadedHandler&) = delete;

    /// Destroys the handler, if it was made.
    ~LoadedHandler();

    /// The object behind the pointer that a plugin hands back.
    [[nodiscard]] static LoadedHandler& of(mpsmtp_host_data* data) noexcept
    {
        return static_cast<LoadedHandler&>(*data);
    }

    /// Lets the plugin make the handler. \return what went wrong, or ""
    [[nodiscard]] std::string make(const mpsmtp_plugin& plugin);

    /// After make(): puts other functions in the place of the plugin's. They call it, destroy() too.
    void replaceFunctions(const mpsmtp_handler& functions) noexcept { _functions = functions; }

    /// \return what went wrong, or ""
    [[nodiscard]] std::string start();

    /// After start(); what goes wrong is logged.
    void stop();

    [[nodiscard]] const std::string& name() const noexcept { return _name; }

    [[nodiscard]] const Origin& origin() const noexcept { return _origin; }

    [[nodiscard]] bool isRequired() const noexcept { return _isRequired; }

    /// \param hooks MPSMTP_HOOK_…: any of them
    [[nodiscard]] bool has(std::uint32_t hooks) const noexcept
    {
        return (_functions.hooks & hooks) != 0;
    }

    /// True if it has an opinion on something: it can be in a filter chain.
    [[nodiscard]] bool isFilter() const noexcept
    {
        return has(MPSMTP_HOOK_CONNECT | MPSMTP_HOOK_HELO | MPSMTP_HOOK_AUTH | MPSMTP_HOOK_MAIL |
                   MPSMTP_HOOK_RCPT | MPSMTP_HOOK_DATA | MPSMTP_HOOK_MESSAGE);
    }

    [[nodiscard]] bool isDelivering() const noexcept
    {
        return has(MPSMTP_HOOK_STAGE) || has(MPSMTP_HOOK_DELIVER);
    }

    [[nodiscard]] OnError onError() const noexcept { return _onError; }

    /// To be taken for each call of a policy hook, of stage, persist and deliver.
    [[nodiscard]] HandlerSlots& slots() noexcept { return _slots; }

    [[nodiscard]] std::chrono::milliseconds slotTimeout() const noexcept { return _slotTimeout; }

    /// The functions of abi.h; call them with `self()`.
    [[nodiscard]] const mpsmtp_handler& functions() const noexcept { return _functions; }

    [[nodiscard]] void* self() const noexcept { return _functions.self; }

    [[nodiscard]] const OptionValues& options() const noexcept { return _options; }

    [[nodiscard]] StorageSync& sync() const noexcept { return _sync; }

    [[nodiscard]] Clock& clock() const noexcept { return _clock; }

    /// Those of all handlers of this name, before and behind a reload.
    [[nodiscard]] metrics::Handler& counts() const noexcept { return _counts; }

    /// The log "handler.NAME".
    [[nodiscard]] Poco::Logger& logger() const noexcept { return _logger; }

private:
    void describeCounts() const noexcept;

    const std::string _name;
    const Origin _origin;
    const bool _isRequired;
    const OnError _onError;
    const std::chrono::milliseconds _slotTimeout;
    HandlerSlots _slots;
    const OptionValues _options;
    StorageSync& _sync;
    Clock& _clock;
    metrics::Handler& _counts;
    Poco::Logger& _logger;
    mpsmtp_handler _functions{}; ///< a copy as long as this server's; given back through destroy()
};

} // namespace mpsmtp::delivery
