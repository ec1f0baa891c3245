// What [spool] durability means: how a handler's files and folders get onto stable storage. Thread safety: [any].
#pragma once

#include "delivery/DeliveryConfig.h"
#include "delivery/GroupSync.h"
#include "metrics/Metrics.h"

#include <cstdint>

namespace mpsmtp::delivery
{

/// The system calls behind it; a test puts its own here.
struct SyncCalls
{
    GroupSync::SyncCall data;       ///< a file's data and length
    GroupSync::SyncCall folder;     ///< a folder's entries
    GroupSync::SyncCall fileSystem; ///< all of a file system

    /// fdatasync, fsync and syncfs, repeated when a signal interrupts them.
    [[nodiscard]] static SyncCalls system();
};

class StorageSync
{
public:
    /// \param metrics if there are any: outlive the object
    explicit StorageSync(Durability durability,
                         const SyncCalls& calls = SyncCalls::system(),
                         metrics::Metrics* metrics = nullptr);

    /// \param what MPSMTP_SYNC_…
    /// \return 0, or an errno value: EINVAL for another `what`
    [[nodiscard]] int sync(int fd, std::int32_t what);

    /// \return MPSMTP_DURABILITY_…
    [[nodiscard]] std::int32_t durability() const noexcept;

private:
    const Durability _durability;
    // A file's data is shared too: many threads append to one mbox. A file that only one thread knows costs one entry in
    // a map.
    GroupSync _data;
    GroupSync _folders;
    const GroupSync::SyncCall _fileSystem;
};

} // namespace mpsmtp::delivery
