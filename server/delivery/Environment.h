// The outside world of the delivery room, so that a test can put another one in its place. Thread safety: [any].
#pragma once

#include "delivery/Clock.h"
#include "delivery/FileCalls.h"
#include "delivery/PluginProbe.h"
#include "delivery/StorageSync.h"
#include "metrics/Metrics.h"

#include <mpsmtp/abi.h>

#include <functional>

namespace mpsmtp::delivery
{

/// `files`, `clock`, `probe` and `metrics` must outlive the service.
struct Environment
{
    FileCalls& files;
    Clock& clock;
    SyncCalls sync;
    PluginProbe* probe = nullptr; ///< tries plugins before they are loaded; nullptr: nobody does

    /// If set: gets the functions of each handler that was made, and returns those that are called in their place.
    std::function<mpsmtp_handler(const mpsmtp_handler&)> interpose = {};

    metrics::Metrics* metrics = nullptr; ///< nullptr: the service has its own, which nobody reads

    /// The real one.
    [[nodiscard]] static Environment system()
    {
        static Clock clock; // stateless, so not a mutable global
        return {FileCalls::system(), clock, SyncCalls::system(), nullptr, {}, nullptr};
    }
};

} // namespace mpsmtp::delivery
