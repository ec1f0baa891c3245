// The thread that ends waits that last too long.
// Thread safety: [main].
#pragma once

#include "net/ConnectionRegistry.h"

#include <thread>

namespace mpsmtp::net
{

class Reaper
{
public:
    /// `registry` must outlive the reaper.
    explicit Reaper(ConnectionRegistry& registry);
    Reaper(const Reaper&) = delete;
    Reaper& operator=(const Reaper&) = delete;

    /// Retires the registry's sweeps and joins.
    ~Reaper();

private:
    ConnectionRegistry& _registry;
    std::thread _thread;
};

} // namespace mpsmtp::net
