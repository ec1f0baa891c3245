// What this is and its thread safety: StorageSync.h.
#include "delivery/StorageSync.h"

#include <mpsmtp/abi.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include <unistd.h>

namespace mpsmtp::delivery
{

namespace
{

/// \param call fsync or fdatasync
int repeatedly(int (*call)(int), int fd) noexcept
{
    while (call(fd) != 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

using metrics::Metrics;
using metrics::Synced;

metrics::Sync& countsOf(Metrics& metrics, Synced what) noexcept
{
    return metrics.syncs[static_cast<std::size_t>(what)];
}

/// The call with its time. Beside what a disk takes, two looks at a clock are nothing.
GroupSync::SyncCall timed(GroupSync::SyncCall call, Metrics* metrics, Synced what)
{
    if (!metrics)
        return call;
    return [call = std::move(call), metrics, what](int fd)
    {
        using Clock = std::chrono::steady_clock;
        const auto begun = Clock::now();
        const int error = call(fd);
        const auto elapsed = Clock::now() - begun;
        const metrics::Turn turn(metrics->slots);
        metrics::Sync& counts = countsOf(*metrics, what);
        counts.seconds.observe(turn, elapsed);
        if (error != 0)
            counts.errors.add(turn, 0);
        return error;
    };
}

GroupSync::Observer callersOf(Metrics* metrics, Synced what)
{
    if (!metrics)
        return nullptr;
    return [metrics, what](std::size_t callers)
    {
        const metrics::Turn turn(metrics->slots);
        countsOf(*metrics, what).callers.observe(turn, std::uint64_t{callers});
    };
}

} // namespace

SyncCalls SyncCalls::system()
{
    return {[](int fd) { return repeatedly(::fdatasync, fd); },
            [](int fd) { return repeatedly(::fsync, fd); },
            [](int fd) { return repeatedly(::syncfs, fd); }};
}

StorageSync::StorageSync(Durability durability, const SyncCalls& calls, Metrics* metrics)
    : _durability(durability),
      _data(timed(calls.data, metrics, Synced::Data), callersOf(metrics, Synced::Data)),
      _folders(timed(calls.folder, metrics, Synced::Folder), callersOf(metrics, Synced::Folder)),
      _fileSystem(timed(calls.fileSystem, metrics, Synced::FileSystem))
{
}

int StorageSync::sync(int fd, std::int32_t what)
{
    if (what < MPSMTP_SYNC_DATA || what > MPSMTP_SYNC_FILE_SYSTEM)
        return EINVAL;
    if (_durability == Durability::None)
        return 0;
    if (what == MPSMTP_SYNC_FILE_SYSTEM)
        return _fileSystem(fd);
    return what == MPSMTP_SYNC_DATA ? _data.sync(fd) : _folders.sync(fd);
}

std::int32_t StorageSync::durability() const noexcept
{
    switch (_durability)
    {
    case Durability::Journal:
        return MPSMTP_DURABILITY_JOURNAL;
    case Durability::None:
        return MPSMTP_DURABILITY_NONE;
    default:
        return MPSMTP_DURABILITY_FSYNC;
    }
}

} // namespace mpsmtp::delivery
