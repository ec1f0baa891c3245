// What the configuration says about delivery, as plain values with the place each came from. Thread safety: [any] (immutable).
#pragma once

#include "delivery/Origin.h"
#include "delivery/RouteConfig.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

/// One key of a section as written.
struct Setting
{
    std::string key;
    std::string value;
    Origin origin;
};

/// What a policy hook that fails on our side means for the client.
enum class OnError
{
    Defer, ///< 451: it may try again
    Skip,  ///< as if the handler had no opinion
    Reject ///< 554
};

/// A `[handler:NAME]` section.
struct HandlerConfig
{
    std::string name;
    std::string type;   ///< bundled plugin, or ""
    std::string plugin; ///< absolute path of a shared object, or ""
    bool required = true;
    OnError onError = OnError::Defer;
    std::size_t concurrency = 0;                   ///< most threads inside it; 0: no limit
    std::chrono::milliseconds slotTimeout{30'000}; ///< longest wait for one of these
    std::vector<Setting> settings;                 ///< the handler's own keys, in file order
    std::vector<std::string_view> serverKeys;      ///< what the server reads itself; constants
    Origin origin;                                 ///< of the section's head
};

enum class Durability
{
    Journal, ///< 250 means on stable storage: stores that have a journal write small mail there first
    Fsync,   ///< 250 means on stable storage: each file by itself
    None     ///< for tests: 250 means handed to the kernel
};

/// The filters of one listener, in place of `[filters] chain`.
struct ListenerFilters
{
    std::string listener;
    std::vector<std::string> chain; ///< names of handlers; may be empty
    Origin origin;
};

struct DeliveryConfig
{
    std::string hostname;
    std::string pluginDirectory; ///< absolute; holds TYPE.so
    std::string baseDirectory;   ///< absolute; relative paths in handler settings start here
    std::vector<HandlerConfig> handlers;  ///< file order
    std::vector<std::string> filterChain; ///< `[filters] chain`: names of handlers
    Origin filterChainOrigin;
    std::vector<ListenerFilters> listenerFilters;
    std::chrono::milliseconds replyTimeout{
        300'000};                       ///< from a command or the final dot to its reply
    std::vector<RouteConfig> routes;    ///< file order; none: every handler gets every message
    std::vector<std::string> listeners; ///< names; a route may ask for one
    std::string spoolDirectory;         ///< absolute
    std::size_t spoolMemoryOctets = 256 * 1024; ///< larger messages go to an unlinked temp file
    Durability durability = Durability::Fsync;
};

} // namespace mpsmtp::delivery
